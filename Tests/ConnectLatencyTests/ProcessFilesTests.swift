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

  @Test("A FIFO, a directory, a device without end and links are read without waiting, up to the limit")
  func notRegular() throws {
    let root = try TemporaryRoot()
    try root.makePipe("fifo")
    try root.link("circle", to: "circle")
    try root.link("nowhere", to: "/nonexistent")
    #expect(ProcessFiles.bytes("\(root.path)/fifo", limit: 64)?.isEmpty == true)
    for name in ["", "circle", "nowhere"] {
      #expect(ProcessFiles.bytes("\(root.path)/\(name)", limit: 64) == nil, "\(name)")
    }
    #expect(ProcessFiles.bytes("/dev/zero", limit: 10_000)?.count == 10_000)
    #expect(ProcessFiles.link("\(root.path)/circle") == "circle")
  }

  @Test(
    "Whatever a process file holds, what is read of it is a path, a number or nothing",
    arguments: [
      ("", "/", nil), ("0::", "/", nil), ("0::/a:b\n", "/a:b", nil), ("::\n:::\n", "/", nil),
      ("garbage", "/", nil),
      ("NSpid:", "/", nil), ("NSpid:\t4294967296\n", "/", nil), ("NSpid:\t7\t-1\n", "/", nil),
      ("NSpid:\t7\t3\n0::/x\n", "/x", 3),
    ] as [(String, String, UInt32?)])
  func strangeText(text: String, path: String, pid: UInt32?) {
    #expect(ProcessFiles.cgroupPath(in: text) == path)
    #expect(ProcessFiles.innermostPID(in: text) == pid)
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
