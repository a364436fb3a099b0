/// A command line that says nothing this program does.
struct UsageError: Error {
  let what: String
}

/// Words of the command line: flags, and options with a value.
struct Options {
  private var rest: [String]

  init(_ words: ArraySlice<String>) throws { rest = Array(words) }

  mutating func flag(_ name: String) -> Bool {
    guard let index = rest.firstIndex(of: name) else { return false }
    rest.remove(at: index)
    return true
  }

  mutating func value(_ name: String) -> String? {
    guard let index = rest.firstIndex(of: name), index + 1 < rest.count else { return nil }
    defer { rest.removeSubrange(index...index + 1) }
    return rest[index + 1]
  }

  mutating func needed(_ name: String) throws -> String {
    guard let value = value(name) else { throw UsageError(what: "\(name) is missing") }
    return value
  }

  mutating func number(_ name: String, _ standard: Int) throws -> Int {
    guard let word = value(name) else { return standard }
    guard let number = Int(word), number >= 0 else { throw UsageError(what: "\(name) \(word): a number") }
    return number
  }

  /// Nothing may be left.
  func end() throws {
    if let word = rest.first { throw UsageError(what: "\(word)?") }
  }
}
