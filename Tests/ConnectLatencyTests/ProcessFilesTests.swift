import Glibc
import Testing

@testable import ConnectLatency

@Suite("Small files under /proc")
struct ProcessFilesTests {
  private var ownPID: UInt32 { UInt32(getpid()) }

  @Test("This process has a name and a cgroup")
  func own() throws {
    let name = try #require(ProcessFiles.text("/proc/self/comm", limit: 64)).filter { $0 != "\n" }
    #expect(ProcessFiles.comm(of: ownPID)?.description == name)
    #expect(ProcessFiles.cgroupPath(of: ownPID)?.hasPrefix("/") == true)
    #expect(ProcessFiles.link("/proc/self") == "\(ownPID)")
  }

  @Test("A process that is gone has neither")
  func gone() {
    #expect(ProcessFiles.comm(of: UInt32(Int32.max)) == nil)
    #expect(ProcessFiles.cgroupPath(of: UInt32(Int32.max)) == nil)
    #expect(ProcessFiles.link("/proc/\(Int32.max)/exe") == nil)
  }

  @Test("A file is read up to the limit", arguments: [0, 1, 4096, 4097, 10_000, 20_000])
  func limit(limit: Int) throws {
    let file = try TemporaryFile()
    let content = [UInt8](repeating: 0x61, count: 10_000)
    try file.descriptor.writeAll(content)
    #expect(ProcessFiles.bytes(file.path, limit: limit)?.count == min(limit, 10_000))
  }

  @Test("A start without a name gets its thread's, one with a name keeps it")
  func commEnricher() {
    var named = StartRecord.sample(tid: ownPID, pid: ownPID, comm: "wget")
    CommEnricher().started(&named)
    #expect(named.comm == Comm("wget".utf8))
    var unnamed = StartRecord.sample(tid: 0, pid: ownPID, comm: "")
    CommEnricher().started(&unnamed)
    #expect(unnamed.comm == ProcessFiles.comm(of: ownPID))
    var unknown = StartRecord.sample(tid: 0, pid: 0, comm: "")
    CommEnricher().started(&unknown)
    #expect(unknown.comm.isEmpty)
  }
}
