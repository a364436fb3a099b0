import ConnectLatency
import Glibc

/// One trace, live or replayed: the stages in their order, and what is told at the end.
struct Session {
  /// Who knows the cgroups.
  enum Cgroups {
    /// The running one, with the file system of the host at `root`.
    case system(root: String)
    case recorded(RecordingSource)
  }

  private let pipeline: Pipeline
  private let recorder: RecordingWriter?
  private let showsStatistics: Bool

  /// - Throws: `SinkError` when the header cannot be written.
  init(
    filters: FilterOptions, output: OutputOptions, limits: LimitOptions, cgroups: Cgroups,
    recorder: RecordingWriter?
  ) throws {
    self.recorder = recorder
    showsStatistics = output.stats

    var stages: [any Stage] = filters.stages
    stages.append(CommEnricher())
    let needsCgroups = output.cgroup || !filters.inCgroup.isEmpty
    if needsCgroups || recorder != nil {
      stages.append(CgroupEnricher(Self.directory(for: cgroups, recorder)))
    }
    stages += filters.cgroupStages as [any Stage]
    if let count = limits.count { stages.append(CountLimit(count)) }
    stages.append(try output.makeSink())
    pipeline = Pipeline(stages)
  }

  /// Traces until the source ends, a limit is reached or the reader goes.
  func run(_ source: any RecordSource, _ diagnostics: Diagnostics) throws {
    let tracer = Tracer(source: source, pipeline: pipeline, recorder: recorder)
    defer {
      let statistics = tracer.statistics
      if showsStatistics { diagnostics.show(statistics) } else { diagnostics.tellLosses(statistics) }
    }
    do {
      try tracer.run()
    } catch SinkError.readerGone {
      // As with any filter in a pipe, the end of its reader is the end of its work.
    }
  }

  private static func directory(for cgroups: Cgroups, _ recorder: RecordingWriter?) -> any CgroupDirectory {
    switch cgroups {
    case .recorded(let recording):
      recording.onCgroup = recorder.map { recorder in { recorder.write($1, id: $0) } }
      return recording
    case .system(let root):
      let system = SystemCgroups(root: root)
      system.onNew = recorder.map { recorder in { recorder.write($1, id: $0) } }
      return system
    }
  }
}
