/// The way a connect takes: from the source, through the pairer, along the pipeline.
public final class Tracer {
  private let source: any RecordSource
  private let pipeline: Pipeline
  private let recorder: RecordingWriter?
  private var pairer: Pairer
  private var recordsRead: UInt64 = 0
  private var losses = Losses()
  /// The first failure of a sink or the recording.
  private var failure: SinkError?
  /// Is called after each batch, and when something is lost while a sink waits for its reader.
  public var onBatch: (() -> Void)?

  /// - Parameters:
  ///   - source: where records come from.
  ///   - pipeline: what connections pass.
  ///   - recorder: what also gets every record, before pairing.
  ///   - maximumOpen: how many connects are kept open.
  public init(
    source: any RecordSource, pipeline: Pipeline, recorder: RecordingWriter? = nil,
    maximumOpen: Int = Pairer.defaultMaximumOpen
  ) {
    self.source = source
    self.pipeline = pipeline
    self.recorder = recorder
    pairer = Pairer(maximumOpen: maximumOpen)
    for output in pipeline.outputs + [recorder?.output].compactMap(\.self) {
      output.waitForReader = { [weak self] in self?.waitForReader(of: $0) }
    }
  }

  /// Traces until the source ends or a stage has had enough.
  /// - Throws: `SinkError` when rows or the recording cannot be written, and what the source throws. The rows before
  ///   are written, and those that could not be are counted.
  public func run() throws {
    var goesOn = true
    while goesOn {
      goesOn = try takeBatch()
      if let failure {
        if source.stop() { drain() }
        throw failure
      }
      onBatch?()
      if pipeline.isStopped { return }
    }
  }

  /// What has happened so far.
  public var statistics: Statistics {
    Statistics(
      recordsRead: recordsRead, recordsPassedOver: pairer.passedOver, rowsShown: pipeline.shown,
      rowsFiltered: pipeline.filtered, rowsUnwritten: pipeline.unwritten,
      recordsUnwritten: recorder?.unwrittenRecords ?? 0, lost: losses, unpaired: pairer.losses,
      stillOpen: pairer.openCount)
  }

  /// - Returns: whether there may be more.
  private func takeBatch() throws -> Bool {
    let goesOn = try source.nextBatch(take)
    attempt { () throws(SinkError) in try pipeline.flush() }
    attempt { () throws(SinkError) in try recorder?.flush() }
    return goesOn
  }

  /// Takes what the source still holds: sinks that work get it, the others count it.
  private func drain() {
    while let goesOn = try? takeBatch(), goesOn {}
  }

  private func waitForReader(of descriptor: CInt) {
    source.waitForReader(of: descriptor) { now in
      losses = now
      onBatch?()
    }
  }

  private func take(_ record: Record) {
    switch record {
    case .start(var start):
      recordsRead += 1
      pipeline.started(&start)
      write(.start(start))
      pairer.begin(start)
    case .end(let end):
      recordsRead += 1
      // What a stage learns now of a cgroup is recorded before the end of which its row speaks.
      if var connection = pairer.end(end) {
        attempt { () throws(SinkError) in try pipeline.process(&connection) }
      }
      write(record)
    case .clock(let offset):
      write(record)
      pairer.setClock(offset: offset)
    case .lost(let now):
      write(record)
      losses = now
    }
  }

  @inline(__always)
  private func write(_ record: Record) {
    guard let recorder else { return }
    attempt { () throws(SinkError) in try recorder.write(record) }
  }

  /// A sink that fails costs no other sink a row: the rest of the batch is taken, and counted by the one that failed.
  @inline(__always)
  private func attempt(_ body: () throws(SinkError) -> Void) {
    do {
      try body()
    } catch {
      failure = failure ?? error
    }
  }
}
