import Foundation
import Testing

/// Real connects on this kernel, beside what the kernel told the program that made them.
@Suite("A live trace", .serialized)
struct LiveTests {
  private let pid = String(ProcessInfo.processInfo.processIdentifier)

  @Test("shows what the kernel told the connecting program")
  func outcomes() throws {
    let trace = try LiveTrace.start("--json", "-p", pid)
    let listening = try Listener()
    let listening6 = try Listener(isIPv6: true)
    let closed = try Listener(listens: false)
    let closed6 = try Listener(isIPv6: true, listens: false)
    let attempts = [
      try listening.connect(), try listening6.connect(), try closed.connect(), try closed6.connect(),
      try listening.connect(from: AF_INET6, to: "::ffff:127.0.0.1"),
      try closed.connect(from: AF_INET6, to: "::ffff:127.0.0.1"),
    ]
    let rows = try trace.interrupt().objects
    #expect(rows.count == attempts.count)
    for (row, attempt) in zip(rows, attempts) {
      #expect(row["dport"] as? Int == Int(attempt.port))
      #expect(row["outcome"] as? String == (attempt.error == 0 ? "established" : "refused"))
      #expect(row["errno"] as? String == (attempt.error == 0 ? nil : "ECONNREFUSED"))
      #expect(try #require(row["latency_ms"] as? Double) <= attempt.milliseconds)
      if attempt.error == 0 { #expect(row["sport"] as? Int == Int(attempt.localPort)) }
    }
    #expect(rows.map { $0["ip"] as? Int } == [4, 6, 4, 6, 4, 4])
    #expect(attempts.map(\.error) == [0, 0, ECONNREFUSED, ECONNREFUSED, 0, ECONNREFUSED])
  }

  @Test("prints the table beside the original's example")
  func table() throws {
    let trace = try LiveTrace.start("-t", "-L", "-p", pid)
    let listening = try Listener()
    let attempt = try listening.connect()
    let tool = try trace.interrupt()
    #expect(
      tool.rows.first
        == "TIME(s)  PID    COMM         IP SADDR            LPORT  DADDR            DPORT LAT(ms)")
    let row = try #require(tool.rows.dropFirst().first)
    let fields = row.split(separator: " ")
    #expect(fields.count == 9)
    #expect(row.hasPrefix("0.000    \(pid)"))
    #expect(
      fields[4] == "127.0.0.1" && fields[5] == "\(attempt.localPort)" && fields[7] == "\(listening.port)")
  }

  @Test(
    "filters",
    arguments: [
      (["-p", "1"], [false, false, false]),
      (["-4"], [true, true, false]),
      (["-6"], [false, false, true]),
      (["--daddr", "127.0.0.0/8"], [true, true, false]),
      (["--daddr", "::1"], [false, false, true]),
      (["--saddr", "10.0.0.0/8"], [false, false, false]),
      (["--outcome", "refused"], [false, true, false]),
      (["--outcome", "established"], [true, false, true]),
      (["60000"], [false, false, false]),
      (["0"], [true, true, true]),
      (["-u", "65533"], [false, false, false]),
      (["-c", "no-such-comm"], [false, false, false]),
      (["--netns", "4026532999"], [false, false, false]),
    ])
  func filters(arguments: [String], shown: [Bool]) throws {
    let listening = try Listener()
    let closed = try Listener(listens: false)
    let listening6 = try Listener(isIPv6: true)
    let ports = [listening.port, closed.port, listening6.port]
    let running = try LiveTrace.start(
      ["--json", "-P", ports.map(String.init).joined(separator: ",")] + arguments)
    _ = [try listening.connect(), try closed.connect(), try listening6.connect()]
    let rows = try running.interrupt().objects
    #expect(rows.compactMap { $0["dport"] as? Int } == zip(ports, shown).filter(\.1).map { Int($0.0) })
  }

  @Test("replays a recording to the same rows, to the byte")
  func replay() throws {
    let file = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID()).rec")
    defer { try? FileManager.default.removeItem(at: file) }
    let trace = try LiveTrace.start("--json", "--cgroup", "-p", pid, "--record", file.path())
    let (listening, closed) = (try Listener(isIPv6: true), try Listener(listens: false))
    for _ in 0..<50 { _ = [try listening.connect(), try closed.connect()] }
    let live = try trace.interrupt()
    let replayed = try Tool.run("replay", file.path(), "--json", "--cgroup", "-p", pid)
    #expect(live.rows.count == 100)
    #expect(replayed.output == live.output)
    #expect(try live.objects.allSatisfy { ($0["cgroup"] as? String)?.hasPrefix("/") == true })
  }

  @Test("ends after a number of rows")
  func count() throws {
    let trace = try LiveTrace.start("-n", "3", "--json", "-p", pid)
    let listening = try Listener()
    for _ in 0..<5 { _ = try listening.connect() }
    let tool = try trace.running.finish()
    #expect(tool.status == 0)
    #expect(tool.rows.count == 3)
  }

  @Test("ends after a time")
  func duration() throws {
    let begin = Date()
    let tool = try LiveTrace.start("--duration", "700ms", "-p", pid).running.finish()
    #expect(tool.status == 0)
    #expect((0.7...5).contains(Date().timeIntervalSince(begin)))
  }

  @Test("shows a row within 50 ms of its end")
  func promptness() throws {
    let trace = try LiveTrace.start("--json", "-p", pid)
    let listening = try Listener()
    for _ in 0..<3 {
      let rows = trace.running.outputSoFar.count
      _ = try listening.connect()
      let begin = Date()
      try trace.running.wait(for: "row") { $0.outputSoFar.count > rows }
      // Polling every 10 ms, on a machine that may be busy.
      #expect(Date().timeIntervalSince(begin) < 0.25)
    }
    _ = try trace.interrupt()
  }

  @Test("drains what the kernel holds when it is told to end", arguments: [SIGINT, SIGTERM])
  func drain(signal: Int32) throws {
    let trace = try LiveTrace.start("--json", "-p", pid, "--flush", "10s")
    let listening = try Listener()
    for _ in 0..<20 { _ = try listening.connect() }
    let tool = try trace.running.finish(signal: signal)
    #expect(tool.status == 0)
    #expect(tool.rows.count == 20)
    #expect(tool.errors.contains("rows shown          20"))
    // Starts are filtered in the kernel, ends of whoever else connects are not.
    let others = try #require(tool.statistic("records passed over"))
    #expect(tool.statistic("records read") == 40 + others)
  }
}
