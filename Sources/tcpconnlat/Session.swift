import ConnectLatency
import Glibc

/// One trace, live or replayed: the stages in their order, and what is told at the end.
struct Session {
  /// What the connects are of, and so who knows their tasks and cgroups.
  enum Subject {
    /// The running system, with the file system of the host at `root`.
    case system(Probe, root: String)
    case recording(RecordingSource)
  }

  private let pipeline: Pipeline
  /// Who wants to know of cgroups that are made.
  private let systemCgroups: SystemCgroups?
  private let recorder: RecordingWriter?
  private let showsStatistics: Bool

  /// - Throws: `SinkError` when the header cannot be written.
  init(
    filters: FilterOptions, output: OutputOptions, limits: LimitOptions, subject: Subject,
    recorder: RecordingWriter?
  ) throws {
    self.recorder = recorder
    showsStatistics = output.stats

    var stages: [any Stage] = filters.stages
    // BPF programs name the task themselves.
    if case .system(.tracefs, _) = subject { stages.append(CommEnricher()) }
    let needsCgroups = output.cgroup || !filters.inCgroup.isEmpty
    let directory = needsCgroups || recorder != nil ? Self.cgroups(of: subject, recorder) : nil
    if let directory { stages.append(CgroupEnricher(directory)) }
    systemCgroups = directory as? SystemCgroups
    stages += filters.cgroupStages as [any Stage]
    if let count = limits.count { stages.append(CountLimit(count)) }
    if let sink = try output.makeSink() { stages.append(sink) }
    pipeline = Pipeline(stages)
  }

  /// Traces until the source ends, a limit is reached or the reader goes.
  func run(_ source: any RecordSource, maximumOpen: Int, _ diagnostics: Diagnostics) throws {
    let tracer = Tracer(source: source, pipeline: pipeline, recorder: recorder, maximumOpen: maximumOpen)
    let live = source as? any ProbeSource
    if let systemCgroups { live?.onCgroupMade = { systemCgroups.made($0) } }
    var report = LossReport(diagnostics, countsUnwritten: live != nil)
    tracer.onBatch = { [unowned tracer] in report.tell(tracer.statistics) }
    defer {
      tracer.onBatch = nil
      let statistics = tracer.statistics
      if showsStatistics { diagnostics.show(statistics, skippedHooks: live?.skippedHooks) }
      report.tellAll(statistics)
    }
    do {
      try tracer.run()
    } catch SinkError.readerGone {
      // As with any filter in a pipe, the end of its reader is the end of its work.
    }
  }

  private static func cgroups(of subject: Subject, _ recorder: RecordingWriter?) -> any CgroupDirectory {
    switch subject {
    case .recording(let recording):
      recording.onCgroup = recorder.map { recorder in { recorder.write($1, id: $0) } }
      return recording
    case .system(_, let root):
      let system = SystemCgroups(root: root)
      system.onNew = recorder.map { recorder in { recorder.write($1, id: $0) } }
      return system
    }
  }
}
