import ArgumentParser
import ConnectLatency
import Glibc

/// `tcpconnlat replay FILE`: a recording instead of the kernel.
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a recording that --record made; it needs no privilege.",
    usage:
      "tcpconnlat replay <file> [<min_ms>] [options]\ntcpconnlat replay --sample [<min_ms>] [options]")

  @Flag(help: "Show a small recording of real connects that comes with the program.")
  var sample = false

  @Argument(help: ArgumentHelp("The recording, or - for standard input.", valueName: "file"))
  var file: String?

  @OptionGroup(title: "Which connects") var filters: FilterOptions
  @OptionGroup(title: "What is printed") var output: OutputOptions
  @OptionGroup(title: "When to end") var limits: LimitOptions
  /// Most are without a meaning here, but a command line that traced also replays.
  @OptionGroup(visibility: .hidden) var tracing: TracingOptions

  mutating func validate() throws {
    if sample, let first = file {
      // The place of the file is free, so what stands there is the latency.
      guard filters.minimumLatency == nil else { throw ValidationError("'\(first)': --sample takes no file") }
      guard let minimum = try? Parse.milliseconds(first) else {
        throw ValidationError("'\(first)': expected a number of milliseconds: --sample takes no file")
      }
      filters.minimumLatency = minimum
      file = nil
    }
    if !sample, file == nil {
      throw ValidationError("expected the file of a recording, - for standard input, or --sample")
    }
  }

  func run() throws {
    let diagnostics = Diagnostics(isVerbose: output.isVerbose)
    StopSignals.ignoreBrokenPipes()
    let recording = try openRecording()
    recording.duration = limits.duration
    if let file, let record = output.record, FileIdentity(file) == FileIdentity(record),
      FileIdentity(file) != nil
    {
      throw Failure("--record \(record): that is the recording to be replayed: give another file", .usage)
    }
    let recorder = try output.makeRecorder()
    try tracing.reducePrivilege(to: [])
    let session = try Session(
      filters: filters, output: output, limits: limits, subject: .recording(recording), recorder: recorder)
    try session.run(recording, maximumOpen: tracing.maxOpen, diagnostics)
  }

  private func openRecording() throws -> RecordingSource {
    guard let file else { return try RecordingSource.sample() }
    return try Failure.naming(file, .noInput) { try RecordingSource(path: file) }
  }
}

/// Which file a path leads to.
private struct FileIdentity: Equatable {
  let device: dev_t
  let inode: ino_t

  /// Nil when there is no such file.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, inode) = (status.st_dev, status.st_ino)
  }
}
