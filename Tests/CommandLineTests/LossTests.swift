import Foundation
import Testing

/// Each way to lose something, provoked: connects made are rows and counted losses, to the last one.
@Suite("What is lost", .serialized)
final class LossTests {
  private let pid = String(ProcessInfo.processInfo.processIdentifier)
  private let directory = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID())")

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  @Test("A tool that is stopped counts what its small buffer had no room for, and says so")
  func stopped() throws {
    let trace = try LiveTrace.start("-p", pid, "--buffer", "64K")
    let listener = try Listener()
    try trace.running.whileStopped { try listener.connect(times: 3000) }
    let tool = try trace.interrupt()
    try expectLoss(of: "starts lost", in: tool, made: 3000)
    #expect(try #require(tool.statistic("starts lost")) > 1000)
    #expect(tool.errorLines.count { $0.hasPrefix("tcpconnlat: lost so far: ") } == 1)
    #expect(tool.errors.contains("that the kernel had no room for (give a larger --buffer)"))
  }

  @Test("A tool that is stopped for two seconds loses nothing while the buffer has room")
  func stoppedWithRoom() throws {
    let trace = try LiveTrace.start("-p", pid)
    let listener = try Listener()
    try trace.running.whileStopped {
      try listener.connect(times: 3000)
      Thread.sleep(forTimeInterval: 2)
    }
    let tool = try trace.interrupt()
    #expect(tool.rows.count == 1 + 3000)
    #expect(!tool.errors.contains("lost: "))
  }

  @Test("Losses are told once a second at most while they happen")
  func tellsOnceASecond() throws {
    let trace = try LiveTrace.start("-p", pid, "--buffer", "4K", "--flush", "50ms")
    let listener = try Listener()
    let begin = Date()
    var made = 0
    while Date().timeIntervalSince(begin) < 2.5 {
      try listener.connect(times: 100)
      made += 100
    }
    let seconds = Date().timeIntervalSince(begin)
    let tool = try trace.interrupt()
    try expectLoss(of: "starts lost", in: tool, made: made)
    let told = tool.errorLines.count { $0.hasPrefix("tcpconnlat: lost so far: ") }
    #expect((2...Int(seconds) + 2).contains(told), "\(tool.errors)")
  }

  @Test(
    "A reader that does not read fills the pipe and the buffer; what did not fit is counted, and told meanwhile"
  )
  func blockedReader() throws {
    let trace = try sleepingReader("--buffer", "64K")
    let listener = try Listener()
    try listener.connect(times: 5000)
    try trace.running.wait(for: "word of the loss") { $0.errorsSoFar.contains("tcpconnlat: lost so far: ") }
    let tool = try finish(trace)
    try expectLoss(of: "starts lost", in: tool, made: 5000)
  }

  @Test("A reader that does not read costs no row while the buffer and as much again have room")
  func sleepingReader() throws {
    let trace = try sleepingReader("--buffer", "256K")
    let made = try connectInPortions(3)
    let tool = try finish(trace)
    #expect(tool.rows.count == made)
    #expect(tool.statistic("lost in the kernel") == 0 && !tool.errors.contains("lost: "))
  }

  @Test("Told to end while its reader does not read, it traces no more and loses no row")
  func endsWithSleepingReader() throws {
    let trace = try sleepingReader("--buffer", "256K")
    let made = try connectInPortions(2)
    let tracer = trace.running.process.processIdentifier
    func isAttached() -> Bool { (try? KernelObjects(of: tracer))?.links.isEmpty == false }
    #expect(isAttached())
    kill(tracer, SIGINT)
    try trace.running.wait(for: "end of the hooks") { _ in !isAttached() }
    try Listener().connect(times: 10)
    let tool = try finish(trace, signal: nil)
    #expect(tool.status == 0 && tool.rows.count == made)
  }

  @Test("A reader that goes leaves rows behind, which are counted")
  func readerGoes() throws {
    let reader = directory.appending(path: "reader").path()
    let trace = try LiveTrace.start(
      shell: "exec $T --json --stats -p \(pid) > >(echo $BASHPID > \(reader); exec cat)")
    let listener = try Listener()
    try listener.connect(times: 10)
    try trace.running.wait(for: "tenth row") { $0.outputSoFar.count { $0 == "\n" } == 10 }
    try trace.running.whileStopped {
      try listener.connect(times: 90)
      let text = try String(contentsOfFile: reader, encoding: .utf8)
      kill(try #require(pid_t(text.trimmingCharacters(in: .newlines))), SIGKILL)
      Thread.sleep(forTimeInterval: 0.1)
    }
    let tool = try trace.running.finish()
    #expect(tool.status == 0)
    #expect(tool.statistic("rows not written") == 90)
    try expectLoss(of: "rows not written", in: tool, made: 100)
    #expect(tool.errorLines.last == "tcpconnlat: lost: 90 rows that could not be written")
  }

  @Test(
    "A standard output that is closed is told before anything is traced", arguments: ["", "replay --sample"])
  func closedOutput(command: String) throws {
    let tool = try Tool.shell("$T \(command) >&-")
    #expect(tool.status == 74)
    #expect(tool.errorLines == ["tcpconnlat: cannot write to standard output: Bad file descriptor"])
  }

  @Test("Messages do not end up in a file when their descriptor is closed")
  func closedErrors() throws {
    let file = directory.appending(path: "x.rec").path()
    let tool = try Tool.shell("$T replay --sample --stats --record \(file) <&- 2>&-")
    #expect(tool.status == 0)
    let again = try Tool.run("replay", file)
    #expect(again.status == 0 && again.output == tool.output)
  }

  @Test("A full disk takes whole rows and no more; the others are counted")
  func fullDisk() throws {
    let trace = try LiveTrace.start(shell: onSmallDisk("$T --json --stats -p \(pid) > disk/rows"))
    let listener = try Listener()
    try trace.running.whileStopped(pid: traced()) { try listener.connect(times: 500) }
    var tool = try trace.running.finish()
    #expect(tool.status == 74)
    let file = try String(contentsOfFile: directory.appending(path: "kept/rows").path(), encoding: .utf8)
    tool.output = file
    // The last line may be cut.
    try expectLoss(of: "rows not written", in: tool, made: 500, rows: file.count { $0 == "\n" })
    #expect(tool.errorLines.last == "tcpconnlat: cannot write to standard output: No space left on device")
  }

  @Test(
    "A full disk ends a recording with its last whole block, costs no row, and what is missing is counted")
  func fullDiskForRecording() throws {
    let trace = try LiveTrace.start(
      shell: onSmallDisk("$T --json --stats -p \(pid) --record disk/x.rec"))
    let listener = try Listener()
    // In two batches: the first one fits.
    try listener.connect(times: 50)
    try trace.running.wait(for: "row of the first batch") { $0.outputSoFar.count { $0 == "\n" } == 50 }
    try trace.running.whileStopped(pid: traced()) { try listener.connect(times: 1000) }
    let tool = try trace.running.finish()
    #expect(tool.status == 74)
    #expect(tool.rows.count == 1050)
    #expect(tool.errorLines.last?.hasSuffix("x.rec: No space left on device") == true, "\(tool.errors)")
    let replayed = try Tool.run("replay", directory.appending(path: "kept/x.rec").path(), "--stats")
    #expect(replayed.status == 0, "\(replayed.errors)")
    let missing = try #require(tool.statistic("records not written"))
    #expect(missing > 0 && tool.errors.contains("lost: \(missing) records that are not in the recording"))
    let read = try #require(replayed.statistic("records read"))
    #expect(read >= 100)
    #expect(tool.statistic("records read") == read + missing)
  }

  @Test("With room for 16 open connects the oldest make room, and are counted")
  func evicted() throws {
    let trace = try LiveTrace.start("--json", "-p", pid, "--max-open", "16")
    // A queue for one connection: who comes later is left in SYN_SENT.
    let listener = try Listener(backlog: 0)
    var clients: [Int32] = []
    for _ in 0..<40 {
      let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      var address = SocketAddress("127.0.0.1", listener.port)
      _ = address.withSockaddr { connect(client, $0, $1) }
      clients.append(client)
    }
    for client in clients { close(client) }
    let tool = try trace.interrupt()
    try expectLoss(of: "starts evicted", in: tool, made: 40)
    let objects = try tool.objects
    #expect(objects.count { $0["outcome"] as? String == "aborted" } == 16)
    #expect(tool.errors.contains("connects that were the oldest of too many (give a larger --max-open)"))
  }
}

extension LossTests {
  private var go: String { directory.appending(path: "go").path() }

  /// A trace whose rows nobody reads until it is to end.
  private func sleepingReader(_ arguments: String...) throws -> LiveTrace {
    let options = arguments.joined(separator: " ")
    return try LiveTrace.start(
      shell:
        "exec $T --json --stats -p \(pid) \(options) > >(until [[ -e \(go) ]]; do sleep 0.05; done; cat)")
  }

  /// Connects more often than a buffer of 256K has room for, with time between to empty it: without, it is full before a
  /// tracer on a busy machine gets a processor. A start and an answer take 160 bytes.
  private func connectInPortions(_ portions: Int) throws -> Int {
    let listener = try Listener()
    for _ in 0..<portions {
      try listener.connect(times: 1000)
      Thread.sleep(forTimeInterval: 0.3)
    }
    let made = portions * 1000
    #expect(made * 160 > 256 << 10)
    return made
  }

  /// Has the rows read, and ends the trace.
  private func finish(_ trace: LiveTrace, signal: Int32? = SIGINT) throws -> Tool {
    try Data().write(to: URL(filePath: go))
    var tool = try trace.running.finish(signal: signal)
    let shown = try #require(tool.statistic("rows shown"))
    try trace.running.wait(for: "row that was shown") { $0.outputSoFar.count { $0 == "\n" } == shown }
    tool.output = trace.running.outputSoFar
    return tool
  }

  /// What was made is in a row or counted; there was a loss of the kind; and the last thing told is the loss.
  private func expectLoss(of kind: String, in tool: Tool, made: Int, rows: Int? = nil) throws {
    let rows = rows ?? tool.rows.count { !$0.hasPrefix("PID ") }
    let losses = try [
      "rows not written", "starts lost", "starts evicted", "starts without end", "still open",
    ].map { try #require(tool.statistic($0)) }
    #expect(rows + losses.reduce(0, +) == made, "\(tool.errors)")
    #expect(tool.statistic("rows shown") == rows)
    #expect(try #require(tool.statistic(kind)) > 0)
    #expect(tool.errorLines.contains { $0.hasPrefix("tcpconnlat: lost: ") }, "\(tool.errors)")
  }

  /// A command with the directory `disk` to write to, which has room for 32 KB, in a mount namespace of its own. What
  /// it has written is in `kept` afterwards, and its pid in `pid`.
  private func onSmallDisk(_ command: String) -> String {
    """
    cd \(directory.path()) && mkdir disk kept && exec unshare --mount bash -c '
      mount -t tmpfs -o size=32k none disk && { \(command) & } && echo $! > pid
      wait $!; status=$?; cp disk/* kept; exit $status'
    """
  }

  private func traced() throws -> pid_t {
    let text = try String(contentsOfFile: directory.appending(path: "pid").path(), encoding: .utf8)
    return try #require(pid_t(text.trimmingCharacters(in: .newlines)))
  }
}

extension RunningTool {
  /// Does something while the program, or another process, is stopped by SIGSTOP.
  func whileStopped(pid: pid_t? = nil, _ body: () throws -> Void) throws {
    let pid = pid ?? process.processIdentifier
    kill(pid, SIGSTOP)
    defer { kill(pid, SIGCONT) }
    try wait(for: "stop") { _ in
      (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.contains(") T ") == true
    }
    try body()
  }
}
