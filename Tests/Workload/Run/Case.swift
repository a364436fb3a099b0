/// One kind of connect.
struct Case: Sendable {
  let name: String
  /// Mostly waits: runs at the same time as the others, in a thread of its own.
  let isSlow: Bool
  let run: @Sendable (Scene) throws -> Void

  init(_ name: String, slow: Bool = false, _ run: @escaping @Sendable (Scene) throws -> Void) {
    self.name = name
    isSlow = slow
    self.run = run
  }
}
