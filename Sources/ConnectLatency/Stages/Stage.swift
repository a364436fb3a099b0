/// One step of the row that every connection passes: a filter, an enricher or a sink.
///
/// Stages run one after the other on one thread, so they need no locks. `process` is called once per connect
/// and should not allocate.
public protocol Stage: AnyObject {
  /// Sees a connection that has ended, and may fill in what is missing.
  /// - Returns: whether the next stage sees it too.
  func process(_ connection: inout Connection) throws(SinkError) -> Verdict

  /// Is told that no more records are waiting: a sink that collects hands over what it has.
  func flush() throws(SinkError)

  /// How many connections a sink took and could not hand over. A row that `process` throws for is not taken.
  var unwrittenRows: UInt64 { get }
}

extension Stage {
  /// Does nothing: a stage that keeps nothing back has nothing to hand over.
  public func flush() throws(SinkError) {}

  /// None.
  public var unwrittenRows: UInt64 { 0 }
}

/// A stage that also sees each connect as it begins, as an enricher must that asks after a process.
public protocol StartStage: Stage {
  /// Sees a connect that begins, before its process may be gone, and may fill in what is missing.
  func started(_ start: inout StartRecord)
}

/// What a stage thinks of a connection.
public enum Verdict: Sendable {
  /// The next stage sees it.
  case pass
  /// No further stage sees it.
  case drop
  /// The next stage sees it, and tracing ends after it.
  case passAndStop
}

/// A stage that passes what satisfies a condition.
public final class Filter: Stage {
  private let isWanted: (borrowing Connection) -> Bool

  /// - Parameter isWanted: whether a connection passes.
  public init(_ isWanted: @escaping (borrowing Connection) -> Bool) {
    self.isWanted = isWanted
  }

  public func process(_ connection: inout Connection) -> Verdict {
    isWanted(connection) ? .pass : .drop
  }
}
