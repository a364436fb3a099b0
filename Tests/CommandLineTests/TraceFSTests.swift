import Foundation
import Testing

/// The probe that does without BPF, on this kernel.
@Suite("Tracing with tracefs", .serialized)
struct TraceFSTests {
  private static let instances = "/sys/kernel/tracing/instances"
  private let pid = String(ProcessInfo.processInfo.processIdentifier)

  /// Starts tracing with this probe, which few machines have mounted what it needs for.
  private static func start(_ arguments: String...) throws -> LiveTrace {
    try LiveTrace.start(["--stats", "--probe", "tracefs", "--mount-tracefs"] + arguments)
  }

  /// The instances and events of ours that there are, of one process.
  private func left(by process: Int32) throws -> [String] {
    let events = try String(contentsOfFile: "/sys/kernel/tracing/dynamic_events", encoding: .utf8)
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.instances)
    return names.filter { $0.hasPrefix("tcpconnlat-\(process)") }
      + events.split(separator: "\n").map(String.init).filter { $0.contains("tcpconnlat_\(process)/") }
  }

  @Test("shows what the kernel told the connecting program")
  func outcomes() throws {
    let trace = try Self.start("--json", "-p", pid)
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
    let trace = try Self.start()
    let process = trace.running.process.processIdentifier
    #expect(try !left(by: process).isEmpty)
    #expect(try trace.running.finish(signal: signal).status == 0)
    #expect(try left(by: process).isEmpty)
  }

  @Test("clears away what a killed run has left, and nothing that is in use")
  func staleInstance() throws {
    let killed = try Self.start()
    let process = killed.running.process.processIdentifier
    _ = try killed.running.finish(signal: SIGKILL)
    #expect(try !left(by: process).isEmpty)
    let foreign = Self.instances + "/tcpconnlat-test-\(pid)"
    try FileManager.default.createDirectory(atPath: foreign, withIntermediateDirectories: false)
    defer { rmdir(foreign) }
    let other = try Self.start("--json", "-p", pid)
    let trace = try Self.start("--json", "-p", pid)
    #expect(try left(by: process).isEmpty)
    #expect(FileManager.default.fileExists(atPath: foreign))
    _ = try Listener().connect()
    // Two traces at once do not take each other's events.
    for trace in [other, trace] { #expect(try trace.interrupt().rows.count == 1) }
  }

  @Test("has the kernel record one process alone, with threads that it starts later")
  func oneProcess() throws {
    let trace = try Self.start("--json", "-p", pid)
    let ofCalls = Self.instances + "/tcpconnlat-\(trace.running.process.processIdentifier)-1"
    let followed = try String(contentsOfFile: ofCalls + "/set_event_pid", encoding: .utf8)
    #expect(followed.split(separator: "\n").contains { $0 == pid })
    let listening = try Listener()
    let ended = DispatchSemaphore(value: 0)
    Thread {
      _ = try? listening.connect()
      ended.signal()
    }.start()
    ended.wait()
    let rows = try trace.interrupt().objects
    #expect(rows.count == 1)
    #expect(rows.first?["pid"] as? Int == Int(pid))
    #expect(rows.first?["tid"] as? Int != Int(pid))
    #expect(!FileManager.default.fileExists(atPath: ofCalls))
  }

  @Test("drains what the kernel holds when it is told to end")
  func drain() throws {
    let trace = try Self.start("--json", "-p", pid, "--flush", "10s")
    let listening = try Listener()
    for _ in 0..<20 { _ = try listening.connect() }
    let tool = try trace.interrupt()
    #expect(tool.rows.count == 20)
    #expect(tool.errors.contains("still open          0"))
  }

  @Test("tells how many events it lost when the buffer was too small, and what it did not lose is right")
  func losses() throws {
    let trace = try Self.start("--json", "-p", pid, "--buffer", "64K", "--flush", "10s")
    let instances = ["", "-1"].map { suffix in
      Self.instances + "/tcpconnlat-\(trace.running.process.processIdentifier)\(suffix)"
    }
    let listening = try Listener()
    for _ in 0..<3000 { _ = try listening.connect() }
    // From here on nobody's connects change the counts.
    for instance in instances { try Data("0".utf8).write(to: URL(filePath: instance + "/tracing_on")) }
    let lost = try instances.flatMap(Self.lostByCPU).reduce(0, +)
    let tool = try trace.interrupt()
    #expect(lost > 0)
    #expect(tool.statistic("lost in the kernel") == lost)
    let rows = try tool.objects
    #expect((1..<3000).contains(rows.count))
    #expect(rows.allSatisfy { $0["outcome"] as? String == "established" })
    #expect(rows.allSatisfy { $0["dport"] as? Int == Int(listening.port) })
  }

  /// What the kernel counted, CPU by CPU.
  private static func lostByCPU(in instance: String) throws -> [Int] {
    try FileManager.default.contentsOfDirectory(atPath: instance + "/per_cpu").map { cpu in
      let stats = try String(contentsOfFile: "\(instance)/per_cpu/\(cpu)/stats", encoding: .utf8)
      return stats.split(separator: "\n").reduce(0) { sum, line in
        let parts = line.split(separator: ": ")
        let isLoss = ["overrun", "commit overrun", "dropped events"].contains(parts[0])
        return isLoss ? sum + (Int(parts[1]) ?? 0) : sum
      }
    }
  }
}
