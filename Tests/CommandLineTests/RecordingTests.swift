import Foundation
import Testing

/// The recording as a user makes it, keeps it and loses it.
@Suite("A recording", .serialized)
struct RecordingTests {
  private let pid = String(ProcessInfo.processInfo.processIdentifier)
  private let file = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID()).rec")

  @Test("goes through a pipe to replay, and gives the same rows")
  func pipe() throws {
    let direct = try Tool.run("replay", "--sample", "--json", "--cgroup")
    let piped = try Tool.shell(
      "$T replay --sample --record - | $T replay - --record - | $T replay - --json --cgroup; "
        + "exit $((${PIPESTATUS[0]} + ${PIPESTATUS[1]} + ${PIPESTATUS[2]}))")
    #expect(piped.status == 0)
    #expect(piped.errors.isEmpty)
    #expect(piped.output == direct.output)
    #expect(direct.rows.count == 43)
  }

  @Test("in a pipe takes the place of rows, and a reader that goes ends it quietly")
  func pipeAlone() throws {
    let recorded = try Tool.shell("$T replay --sample --record - | head -c 8")
    #expect((recorded.output, recorded.errors) == ("tcpcnlat", ""))
    let mixed = try Tool.run("replay", "--sample", "--record", "-", "--json")
    #expect(mixed.status == 64)
    #expect(mixed.output.isEmpty && mixed.errorLines.count == 1)
    #expect(mixed.errors.contains("leave out --json"))
  }

  @Test("does not go to a terminal")
  func terminal() throws {
    let tool = try Tool.shell("script -qec '$T replay --sample --record -' /dev/null < /dev/null")
    #expect(tool.status == 64)
    #expect(tool.rows.count == 1)
    #expect(tool.output.contains("standard output is a terminal"))
  }

  @Test("live, in a pipe, has the rows of the connects that were made")
  func livePipe() throws {
    try #require(getuid() == 0, "tests that trace need root: run tools/test with sudo")
    let running = try RunningTool(
      program: "/bin/bash", ["-c", "$T -p \(pid) --record - --duration 3s | $T replay - --json"])
    try running.wait(for: "message that tracing has begun") { $0.errorsSoFar.contains("tracing with") }
    let listening = try Listener()
    let attempts = try (0..<20).map { _ in try listening.connect() }
    let tool = try running.finish(within: 20)
    #expect(tool.status == 0)
    #expect(try tool.objects.map { $0["sport"] as? Int } == attempts.map { Int($0.localPort) })
  }

  @Test("has a lone connect of a quiet machine within a second, though the recorder goes on")
  func quiet() throws {
    defer { try? FileManager.default.removeItem(at: file) }
    let trace = try LiveTrace.start("-p", pid, "--record", file.path())
    let attempt = try Listener().connect()
    // Whoever else connects here may fill the file too; this process's connects alone pass the filter.
    Thread.sleep(forTimeInterval: 1)
    #expect(trace.running.process.isRunning)
    let replayed = try Tool.run("replay", file.path(), "--json", "-p", pid)
    #expect(replayed.status == 0)
    let rows = try replayed.objects
    #expect(rows.map { $0["sport"] as? Int } == [Int(attempt.localPort)])
    // The recording has the kernel's clock beside the time of day.
    let time = try #require(rows.first?["time"] as? String).prefix(19) + "Z"
    let date = try #require(ISO8601DateFormatter().date(from: String(time)))
    #expect(abs(date.timeIntervalSinceNow) < 60)
    _ = try trace.interrupt()
  }

  @Test("of a recorder that was killed replays to its last whole block, every row of it right")
  func killed() throws {
    defer { try? FileManager.default.removeItem(at: file) }
    let trace = try LiveTrace.start("-p", pid, "--record", file.path(), "--flush", "1ms")
    var listening = try Listener()
    var attempts: [Attempt] = []
    func connect() throws {
      // Nobody accepts, so each of them takes no more than its backlog.
      if attempts.count % 100 == 99 { listening = try Listener() }
      attempts.append(try listening.connect())
    }
    let deadline = Date(timeIntervalSinceNow: 20)
    // It is killed while it has records to write.
    while try attempts.count < 400 || size() < 64 << 10, Date() < deadline { try connect() }
    kill(trace.running.process.processIdentifier, SIGKILL)
    while trace.running.process.isRunning, Date() < deadline { try connect() }
    #expect(try trace.running.finish().status == -SIGKILL)

    let replayed = try Tool.run("replay", file.path(), "--json", "-p", pid)
    #expect(replayed.status == 0 || (replayed.status == 65 && replayed.errors.contains("cut off")))
    let ports = try replayed.objects.map { $0["sport"] as? Int }
    #expect(ports == attempts.prefix(ports.count).map { Int($0.localPort) })
    #expect(ports.count > 100)
  }

  @Test("cut off at any byte replays to its last whole block")
  func cut() throws {
    defer { try? FileManager.default.removeItem(at: file) }
    let whole = try Sample.recording()
    let rows = try Tool.run("replay", "--sample", "--json").rows
    var counts: [Int] = []
    for length in stride(from: whole.count, through: 64, by: -509) {
      try whole.prefix(length).write(to: file)
      let tool = try Tool.run("replay", file.path(), "--json")
      #expect(tool.status == (length == whole.count ? 0 : 65))
      #expect(rows.starts(with: tool.rows))
      counts.append(tool.rows.count)
    }
    #expect(counts.first == rows.count && counts.last == 0 && counts == counts.sorted(by: >))
    #expect(Set(counts).count > 10)
  }

  private func size() throws -> Int {
    try FileManager.default.attributesOfItem(atPath: file.path())[.size] as? Int ?? 0
  }
}
