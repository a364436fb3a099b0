import ArgumentParser
import ConnectLatency
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
    help: ArgumentHelp("Also record all that is traced, to be replayed.", valueName: "file"))
  var record: String?

  @Flag(help: "At the end, say on stderr what was read, shown, filtered and lost.")
  var stats = false

  @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Say on stderr all that libbpf says.")
  var isVerbose = false

  mutating func validate() throws {
    if record == "-" {
      throw ValidationError("--record -: the rows go to standard output already: give a file")
    }
  }
}

extension OutputOptions {
  /// What writes the recording, if one was asked for.
  /// - Throws: `Failure` when it cannot be made.
  func makeRecorder() throws -> RecordingWriter? {
    try record.map { path in try Failure.naming(path, .cannotCreate) { try RecordingWriter(path: path) } }
  }

  /// The stage that prints.
  func makeSink() throws(SinkError) -> any Stage {
    if isJSON { return JSONSink(to: .standardOutput, showsCgroup: cgroup) }
    var columns: TableSink.Columns = []
    if timestamp { columns.insert(.time) }
    if localPort { columns.insert(.localPort) }
    if cgroup { columns.insert(.cgroup) }
    return try TableSink(to: .standardOutput, columns: columns)
  }
}
