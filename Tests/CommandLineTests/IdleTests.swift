import Foundation
import Testing

@Suite("A tracer without anything to trace", .serialized)
struct IdleTests {
  @Test("is not woken once", arguments: [["--json"], ["--cgroup"], ["--stats", "--flush", "0"]])
  func wakeUps(arguments: [String]) throws {
    // A network namespace that nobody is in: what others connect meanwhile stays in the kernel.
    let trace = try LiveTrace.start(arguments + ["--netns", "4026539999"])
    let pid = trace.running.process.processIdentifier
    Thread.sleep(forTimeInterval: 0.5)
    let before = try Self.switches(of: pid)
    Thread.sleep(forTimeInterval: 2)
    #expect(try Self.switches(of: pid) == before)
    #expect(try trace.interrupt().status == 0)
  }

  /// How often the threads of a process have waited so far, by their ids.
  private static func switches(of pid: Int32) throws -> [String: Int] {
    let directory = "/proc/\(pid)/task"
    var switches: [String: Int] = [:]
    for thread in try FileManager.default.contentsOfDirectory(atPath: directory) {
      let status = try String(contentsOfFile: "\(directory)/\(thread)/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
      switches[thread] = try #require(line?.split(separator: "\t").last.flatMap { Int($0) })
    }
    return switches
  }
}
