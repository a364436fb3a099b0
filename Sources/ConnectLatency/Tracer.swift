/// The way a connect takes: from the source, through the pairer, along the pipeline.
public final class Tracer {
  private let source: any RecordSource
  private let pipeline: Pipeline
  private let recorder: RecordingWriter?
  private var pairer: Pairer
  private var recordsRead: UInt64 = 0
  private var losses = Losses()

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
  }

  /// Traces until the source ends or a stage has had enough.
  /// - Throws: `SinkError` when rows cannot be written, and what the source throws. The rows before are written.
  public func run() throws {
    var goesOn = true
    while goesOn {
      goesOn = try source.nextBatch { record throws(SinkError) in try take(record) }
      try pipeline.flush()
      try recorder?.flush()
      if pipeline.isStopped { return }
    }
  }

  /// What has happened so far.
  public var statistics: Statistics {
    Statistics(
      recordsRead: recordsRead, rowsShown: pipeline.shown, rowsFiltered: pipeline.filtered, lost: losses,
      unpaired: pairer.losses, stillOpen: pairer.openCount)
  }

  private func take(_ record: Record) throws(SinkError) {
    switch record {
    case .start(var start):
      recordsRead += 1
      pipeline.started(&start)
      try recorder?.write(.start(start))
      pairer.begin(start)
    case .end(let end):
      recordsRead += 1
      // What a stage learns now of a cgroup is recorded before the end of which its row speaks.
      if var connection = pairer.end(end) { try pipeline.process(&connection) }
      try recorder?.write(record)
    case .clock(let offset):
      try recorder?.write(record)
      pairer.setClock(offset: offset)
    case .lost(let now):
      try recorder?.write(record)
      losses = now
    }
  }
}
