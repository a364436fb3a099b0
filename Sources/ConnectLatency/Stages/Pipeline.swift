/// Stages in a row.
public final class Pipeline {
  private let stages: [any Stage]
  /// Those of them that want to see connects as they begin.
  private let observers: [any StartStage]
  /// Connections that passed every stage.
  public private(set) var shown: UInt64 = 0
  /// Connections that a stage dropped.
  public private(set) var filtered: UInt64 = 0
  /// Whether a stage has asked to end.
  public private(set) var isStopped = false

  /// - Parameter stages: the row, in order; sinks come last.
  public init(_ stages: [any Stage]) {
    self.stages = stages
    observers = stages.compactMap { $0 as? any StartStage }
  }

  /// Lets every stage see a connect that begins.
  public func started(_ start: inout StartRecord) {
    for index in observers.indices { observers[index].started(&start) }
  }

  /// Sends a connection along the row.
  /// - Throws: what a sink throws when it cannot write.
  public func process(_ connection: inout Connection) throws(SinkError) {
    guard !isStopped else { return }
    var stops = false
    for index in stages.indices {
      switch try stages[index].process(&connection) {
      case .pass: break
      case .passAndStop: stops = true
      case .drop:
        filtered += 1
        return
      }
    }
    shown += 1
    isStopped = stops
  }

  /// Has every sink hand over what it holds.
  /// - Throws: what a sink throws when it cannot write.
  public func flush() throws(SinkError) {
    for stage in stages { try stage.flush() }
  }
}
