import ArgumentParser
import ConnectLatency

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
    let session = try Session(
      filters: filters, output: output, limits: limits, cgroups: .recorded(recording))
    try session.run(recording, diagnostics)
  }

  private func openRecording() throws -> RecordingSource {
    guard let file else { return try RecordingSource.sample() }
    return try Failure.naming(file, .noInput) { try RecordingSource(path: file) }
  }
}
