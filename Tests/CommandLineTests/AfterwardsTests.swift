import Foundation
import Testing

/// What is left of a trace once it has ended, however it ended: nothing.
@Suite("Afterwards", .serialized)
final class AfterwardsTests {
  private let pid = String(ProcessInfo.processInfo.processIdentifier)
  private let directory = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID())")

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  @Test(
    "no program, map or link is left in the kernel, and no file",
    arguments: [("INT", 0), ("TERM", 0), ("KILL", -SIGKILL), ("the reader crashes", 0)])
  func nothingLeft(how: String, status: Int32) throws {
    let reader = directory.appending(path: "reader").path()
    let trace = try LiveTrace.start(
      shell: "cd \(directory.path()); export TMPDIR=$PWD; "
        + "exec $T --probe tracepoint -p \(pid) > >(echo $BASHPID > reader; exec cat > /dev/null)")
    try trace.running.wait(for: "reader") { _ in FileManager.default.fileExists(atPath: reader) }
    let held = try KernelObjects(of: trace.running.process.processIdentifier)
    #expect(held.programs.count >= 5 && held.maps.count >= 3 && held.areThere)
    let victim =
      how.hasPrefix("the")
      ? try #require(pid_t(String(contentsOfFile: reader, encoding: .utf8).dropLast()))
      : trace.running.process.processIdentifier
    kill(victim, ["INT": SIGINT, "TERM": SIGTERM, "KILL": SIGKILL][how] ?? SIGSEGV)
    #expect(try trace.running.finish().status == status)
    // The kernel frees them a little after the last descriptor is closed.
    try trace.running.wait(for: "end of the programs") { _ in !held.isAnyThere }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path()) == ["reader"])
  }

  @Test("Two and ten at once see every row", arguments: [2, 10])
  func together(count: Int) throws {
    let probes = ["tracepoint", "tracefs"]
    let traces = try (0..<count).map { number in
      try LiveTrace.start("--json", "-p", pid, "--mount-tracefs", "--probe", probes[number % 2])
    }
    let listener = try Listener()
    try listener.connect(times: 200)
    for (number, trace) in traces.enumerated() {
      let tool = try trace.running.finish(signal: SIGINT, within: 30)
      #expect(tool.status == 0 && tool.rows.count == 200, "\(probes[number % 2]): \(tool.errors)")
      let instance = "/sys/kernel/tracing/instances/tcpconnlat-\(trace.running.process.processIdentifier)"
      #expect(!FileManager.default.fileExists(atPath: instance))
    }
  }
}
