import ArgumentParser
import ConnectLatency
import Glibc
import SystemPackage

/// What is printed of a connect.
struct OutputOptions: ParsableArguments {
  @Flag(name: .customLong("json"), help: "JSON instead of the table, one object a line.")
  var isJSON = false

  @Flag(name: .shortAndLong, help: "A column with the seconds since the first row.")
  var timestamp = false

  @Flag(name: [.customShort("L"), .customLong("lport")], help: "A column with the local port.")
  var localPort = false

  @Flag(help: "The container, systemd unit or cgroup, as the last column; in JSON all of them.")
  var cgroup = false

  @Option(
    help: ArgumentHelp(
      "Also record all that is traced, to be replayed; - for standard output, in place of rows.",
      valueName: "file"))
  var record: String?

  @Flag(help: "At the end, say on stderr what was read, shown, filtered and lost.")
  var stats = false

  @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Say on stderr all that libbpf says.")
  var isVerbose = false

  mutating func validate() throws {
    guard record == "-" else { return }
    if isJSON || timestamp || localPort {
      throw ValidationError("--record -: the recording takes the place of rows: leave out --json, -t and -L")
    }
    if isatty(STDOUT_FILENO) == 1 {
      throw ValidationError("--record -: standard output is a terminal: give a file, or a pipe to replay -")
    }
  }
}

extension OutputOptions {
  /// What writes the recording, if one was asked for.
  /// - Throws: `Failure` when it cannot be made.
  func makeRecorder() throws -> RecordingWriter? {
    try record.map { path in try Failure.naming(path, .cannotCreate) { try RecordingWriter(path: path) } }
  }

  /// The stage that prints; nil where the recording is what goes to standard output.
  func makeSink() throws(SinkError) -> (any Stage)? {
    if record == "-" { return nil }
    if isJSON { return JSONSink(to: .standardOutput, showsCgroup: cgroup) }
    var columns: TableSink.Columns = []
    if timestamp { columns.insert(.time) }
    if localPort { columns.insert(.localPort) }
    if cgroup { columns.insert(.cgroup) }
    return try TableSink(to: .standardOutput, columns: columns)
  }
}
