/// Stages in a row.
public final class Pipeline {
  private let stages: [any Stage]
  /// Those of them that want to see connects as they begin.
  private let observers: [any StartStage]
  /// Connections that passed every stage and were handed over.
  public var shown: UInt64 { passed - min(passed, lostBySinks) }
  /// Connections that should have been shown, and a sink could not write.
  public var unwritten: UInt64 { refused + lostBySinks }
  /// Connections that a stage dropped.
  public private(set) var filtered: UInt64 = 0
  /// Whether a stage has asked to end.
  public private(set) var isStopped = false

  private var passed: UInt64 = 0
  /// Connections that a sink threw at.
  private var refused: UInt64 = 0
  private var lostBySinks: UInt64 { stages.reduce(0) { max($0, $1.unwrittenRows) } }

  /// - Parameter stages: the row, in order; sinks come last.
  public init(_ stages: [any Stage]) {
    self.stages = stages
    observers = stages.compactMap { $0 as? any StartStage }
  }

  /// The descriptors that its sinks write to.
  var outputs: [RowOutput] { stages.compactMap { ($0 as? any DescriptorSink)?.output } }

  /// Lets every stage see a connect that begins.
  public func started(_ start: inout StartRecord) {
    for index in observers.indices { observers[index].started(&start) }
  }

  /// Sends a connection along the row.
  /// - Throws: what a sink throws when it cannot write.
  public func process(_ connection: inout Connection) throws(SinkError) {
    guard !isStopped else { return }
    var stops = false
    do {
      for index in stages.indices {
        switch try stages[index].process(&connection) {
        case .pass: break
        case .passAndStop: stops = true
        case .drop:
          filtered += 1
          return
        }
      }
    } catch {
      refused += 1
      throw error
    }
    passed += 1
    isStopped = stops
  }

  /// Has every sink hand over what it holds.
  /// - Throws: what a sink throws when it cannot write.
  public func flush() throws(SinkError) {
    for stage in stages { try stage.flush() }
  }
}
