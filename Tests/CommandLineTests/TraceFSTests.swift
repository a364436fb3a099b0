import Foundation
import Testing

/// The probe that does without BPF, on this kernel.
@Suite("Tracing with tracefs", .serialized)
struct TraceFSTests {
  private static let instances = "/sys/kernel/tracing/instances"
  private let pid = String(ProcessInfo.processInfo.processIdentifier)

  /// The instances and events of ours that there are, of one process.
  private func left(by process: Int32) throws -> [String] {
    let events = try String(contentsOfFile: "/sys/kernel/tracing/dynamic_events", encoding: .utf8)
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.instances)
    return names.filter { $0 == "tcpconnlat-\(process)" }
      + events.split(separator: "\n").map(String.init).filter { $0.contains("tcpconnlat_\(process)/") }
  }

  @Test("shows what the kernel told the connecting program")
  func outcomes() throws {
    let trace = try LiveTrace.start("--json", "--probe", "tracefs", "-p", pid)
    let (listening, closed) = (try Listener(isIPv6: true), try Listener(listens: false))
    let attempts = try (0..<20).map { try ($0 % 2 == 0 ? listening : closed).connect() }
    let tool = try trace.interrupt()
    let rows = try tool.objects
    #expect(tool.errors.contains("tracing with tracefs"))
    #expect(rows.count == attempts.count)
    for (row, attempt) in zip(rows, attempts) {
      #expect(row["dport"] as? Int == Int(attempt.port))
      #expect(row["outcome"] as? String == (attempt.error == 0 ? "established" : "refused"))
      #expect(row["pid"] as? Int == Int(pid))
      #expect(row["uid"] as? Int == Int(getuid()))
      #expect(try #require(row["latency_ms"] as? Double) <= attempt.milliseconds)
    }
  }

  @Test("leaves nothing behind", arguments: [SIGINT, SIGTERM, SIGHUP])
  func cleanUp(signal: Int32) throws {
    let trace = try LiveTrace.start("--probe", "tracefs")
    let process = trace.running.process.processIdentifier
    #expect(try !left(by: process).isEmpty)
    #expect(try trace.running.finish(signal: signal).status == 0)
    #expect(try left(by: process).isEmpty)
  }

  @Test("clears away what a killed run has left, and nothing that is in use")
  func staleInstance() throws {
    let killed = try LiveTrace.start("--probe", "tracefs")
    let process = killed.running.process.processIdentifier
    _ = try killed.running.finish(signal: SIGKILL)
    #expect(try !left(by: process).isEmpty)
    let foreign = Self.instances + "/tcpconnlat-test-\(pid)"
    try FileManager.default.createDirectory(atPath: foreign, withIntermediateDirectories: false)
    defer { rmdir(foreign) }
    let other = try LiveTrace.start("--probe", "tracefs", "--json", "-p", pid)
    let trace = try LiveTrace.start("--probe", "tracefs", "--json", "-p", pid)
    #expect(try left(by: process).isEmpty)
    #expect(FileManager.default.fileExists(atPath: foreign))
    _ = try Listener().connect()
    // Two traces at once do not take each other's events.
    for trace in [other, trace] { #expect(try trace.interrupt().rows.count == 1) }
  }

  @Test("drains what the kernel holds when it is told to end")
  func drain() throws {
    let trace = try LiveTrace.start("--probe", "tracefs", "--json", "-p", pid, "--flush", "10s")
    let listening = try Listener()
    for _ in 0..<20 { _ = try listening.connect() }
    let tool = try trace.interrupt()
    #expect(tool.rows.count == 20)
    #expect(tool.errors.contains("still open          0"))
  }

  @Test("tells what it lost when the buffer was too small, and what it did not lose is right")
  func losses() throws {
    let trace = try LiveTrace.start(
      "--probe", "tracefs", "--json", "-p", pid, "--buffer", "64K", "--flush", "10s")
    let listening = try Listener()
    for _ in 0..<3000 { _ = try listening.connect() }
    let tool = try trace.interrupt()
    #expect(!tool.errors.contains("lost in the kernel  0"))
    let rows = try tool.objects
    #expect((1..<3000).contains(rows.count))
    #expect(rows.allSatisfy { $0["outcome"] as? String == "established" })
  }

  @Test("reads the same from an event as perf does")
  func witness() throws {
    let listening = try Listener()
    let data = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID()).perf")
    defer { try? FileManager.default.removeItem(at: data) }
    let perf = try RunningTool(
      program: "/usr/bin/perf",
      [
        "record", "-a", "-k", "CLOCK_MONOTONIC", "-e", "sock:inet_sock_set_state", "--filter",
        "dport == \(listening.port)", "-o", data.path(),
      ])
    let trace = try LiveTrace.start("--probe", "tracefs", "--json", "-p", pid)
    // perf says nothing once it records; its first event tells.
    try perf.wait(for: "end of perf's start") { _ in
      _ = try? listening.connect()
      return ((try? Data(contentsOf: data).count) ?? 0) > 4096
    }
    for _ in 0..<10 { _ = try listening.connect() }
    let rows = try trace.interrupt().objects
    _ = try perf.finish(signal: SIGINT)
    let seen = try Witness.connects(in: data.path())
    try #require(seen.count >= 10)
    var ends: [(ours: Double, theirs: Double)] = []
    for connect in seen.suffix(10) {
      let row = try #require(rows.last { $0["sport"] as? Int == connect.sport })
      #expect(row["tid"] as? Int == connect.tid)
      #expect((row["saddr"] as? String, row["daddr"] as? String) == (connect.saddr, connect.daddr))
      // Ours counts from the entry of the call.
      #expect(try #require(row["latency_ms"] as? Double) >= (connect.end - connect.start) * 1000 - 0.02)
      ends.append((try Witness.seconds(row["time"]), connect.end))
    }
    for (first, second) in zip(ends, ends.dropFirst()) {
      #expect(abs((second.ours - first.ours) - (second.theirs - first.theirs)) < 0.0005)
    }
  }
}

/// What perf has seen of established connects.
private struct Witness {
  var tid = 0
  var sport = 0
  var saddr = ""
  var daddr = ""
  /// Seconds on the monotonic clock.
  var start = 0.0
  var end = 0.0

  static func connects(in file: String) throws -> [Witness] {
    let script = try RunningTool(
      program: "/usr/bin/perf", ["script", "--ns", "-F", "tid,time,event,trace", "-i", file]
    ).finish(within: 30)
    var began: (tid: Int, time: Double)?
    var connects: [Witness] = []
    for line in script.rows where line.contains("inet_sock_set_state:") {
      let words = line.split(separator: " ")
      let fields = Dictionary(
        words.compactMap { word in
          word.firstIndex(of: "=").map { (word[..<$0], String(word[word.index(after: $0)...])) }
        }, uniquingKeysWith: { $1 })
      let time = Double(words[1].dropLast()) ?? 0
      // One thread connects, one connect after the other.
      if fields["newstate"] == "TCP_SYN_SENT" {
        began = (Int(words[0]) ?? 0, time)
      } else if fields["oldstate"] == "TCP_SYN_SENT", let begin = began {
        connects.append(
          Witness(
            tid: begin.tid, sport: Int(fields["sport"] ?? "") ?? 0, saddr: fields["saddr"] ?? "",
            daddr: fields["daddr"] ?? "", start: begin.time, end: time))
      }
    }
    return connects
  }

  /// The seconds of a row's time within its minute; a test takes less than one.
  static func seconds(_ time: Any?) throws -> Double {
    let text = try #require(time as? String)
    let parts = text.dropLast().split(separator: "T")[1].split(separator: ":").compactMap { Double($0) }
    return (parts[0] * 60 + parts[1]) * 60 + parts[2]
  }
}
