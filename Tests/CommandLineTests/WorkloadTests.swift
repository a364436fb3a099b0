import Foundation
import Testing

/// Every kind of connect, made in network namespaces of the workload's own, beside what the kernel told it.
@Suite("The workload", .serialized)
struct WorkloadTests {
  /// The probes that need no guest: where `tools/vm` boots kernels, all of them are tested.
  @Test("has exactly one right row for every attempt", arguments: ["tracepoint", "tracefs"])
  func rows(probe: String) throws {
    try #require(getuid() == 0, "tests that trace need root: run tools/test with sudo")
    let directory = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let (truth, rows) = (directory.appending(path: "truth").path(), directory.appending(path: "rows").path())

    let trace = try LiveTrace.start("--json", "--probe", probe, "--mount-tracefs")
    let made = try RunningTool(program: Self.workload, ["run", "--truth", truth]).finish(within: 150)
    try #require(made.status == 0, "the workload failed: \(made.errors)")
    // Nothing is in flight any more; what is left in the ring buffer comes with the end.
    let tool = try trace.interrupt()
    try Data(tool.output.utf8).write(to: URL(filePath: rows))
    // Its events say less where they are not those of kprobes, and the check knows what.
    let isBare = probe == "tracefs" && tool.errors.contains("no kprobe events")
    let checked = isBare ? "tracefs-events" : probe
    let check = try RunningTool(
      program: Self.workload, ["check", "--truth", truth, "--rows", rows, "--probe", checked]
    ).finish(within: 60)
    #expect(check.status == 0, "\(check.rows.filter { !$0.hasPrefix("ok") }.joined(separator: "\n"))")
    // What could not be made or seen here is in the log of every run.
    for row in check.rows where !row.hasPrefix("ok") { print("workload, \(probe): \(row)") }
    #expect(tool.errors.contains("lost in the kernel  0"))
    #expect(tool.errors.contains("still open          0"))
  }

  static let workload = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "connect-workload").path()
}
