import Foundation
import Glibc
import Testing

@testable import ConnectLatency

@Suite("Attached and detached, many times in a row", .serialized)
struct AttachDetachTests {
  @Test(
    "a probe leaks no descriptor, no BPF object, no mapping and no memory",
    arguments: [(Probe.tracepoint, 200), (.tracefs, 20)])
  func leaksNothing(probe: Probe, times: Int) throws {
    try #require(getuid() == 0, "tests that trace need root: run tools/test with sudo")
    var options = LiveSource.Options()
    options.bufferSize = 64 << 10
    options.mountsTraceFS = true
    // The first few fill what is kept for good: libbpf's knowledge of the kernel, the allocator's pools.
    for _ in 0..<5 { _ = try LiveSource.attach(probe, options: options) }
    let before = try Holdings()
    for _ in 0..<times { _ = try LiveSource.attach(probe, options: options) }
    let after = try Holdings()
    #expect(after.descriptors <= before.descriptors)
    #expect(after.mappings <= before.mappings + 4, "\(before) \(after)")
    // Each time loads some 100 KB of programs and types: a leak of them would be megabytes.
    #expect(after.anonymousKB < before.anonymousKB + 2048, "\(before) \(after)")
    let instances = try FileManager.default.contentsOfDirectory(atPath: "/sys/kernel/tracing/instances")
    #expect(!instances.contains { $0.hasPrefix("tcpconnlat-\(getpid())") })
  }

  /// What this process holds.
  private struct Holdings {
    let descriptors: Int
    let mappings: Int
    let anonymousKB: Int

    init() throws {
      descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      mappings = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).count { $0 == "\n" }
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      // Without pages of files: code is given back at each start, which would hide a leak as large.
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
      anonymousKB = try #require(Int(line.filter(\.isNumber)))
    }
  }
}
