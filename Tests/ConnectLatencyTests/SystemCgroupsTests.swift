import CConnectRecord
import Glibc
import Testing

@testable import ConnectLatency

@Suite("Cgroups of the running system, and what they were when they are gone")
struct SystemCgroupsTests {
  static let id = ContainerPathTests.id
  static let other = ContainerPathTests.inner
  /// An id that no cgroup of a real system has.
  static let goneID: UInt64 = 0x7fff_0000_4242
  /// A process that is not there.
  static let nobody = UInt32(Int32.max)

  /// The path that a connect in a cgroup is shown with, at a time.
  static func path(_ cgroups: SystemCgroups, _ id: UInt64, at time: UInt64 = 1) -> String? {
    var start = StartRecord.sample(at: time, pid: nobody, cgroup: id)
    cgroups.resolve(&start)
    return start.cgroupID.flatMap { cgroups.cgroup($0, at: time) }?.path
  }

  /// The record as the hooks write it.
  static func bytes(_ id: UInt64, _ path: String) -> [UInt8] {
    var raw = record_cgroup()
    raw.header.time = 7
    raw.header.kind = UInt8(RECORD_CGROUP.rawValue)
    raw.cgroup = id
    withUnsafeMutableBytes(of: &raw.path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafeBytes(of: raw) { Array($0) }
  }

  @Test("A start of this process has its cgroup, and keeps it")
  func own() {
    let cgroups = SystemCgroups()
    var start = StartRecord.sample(at: 1, pid: UInt32(getpid()), cgroup: 0)
    cgroups.resolve(&start)
    let first = start.cgroupID.flatMap { cgroups.cgroup($0, at: 1) }
    #expect(first?.path.hasPrefix("/") == true)
    let later = start.cgroupID.flatMap { cgroups.cgroup($0, at: RefreshSchedule.interval * 2) }
    #expect(later === first)
  }

  @Test("Where process and cgroup are gone before anybody looked, the id is shown", arguments: [0, 1 << 62])
  func unknown(mark: UInt64) {
    #expect(Self.path(SystemCgroups(), Self.goneID | mark) == "cgroup:140733193404994")
  }

  @Test(
    "A cgroup that was made and is gone keeps its path, in either kind of hierarchy", arguments: [0, 1 << 62])
  func gone(mark: UInt64) throws {
    let cgroups = SystemCgroups()
    let record = try #require(
      Self.bytes(Self.goneID | mark, "/system.slice/brief.service").withUnsafeBytes { CgroupRecord($0) })
    cgroups.made(record)
    for time in [1, RefreshSchedule.interval * 3] {
      #expect(Self.path(cgroups, Self.goneID | mark, at: time) == "/system.slice/brief.service")
    }
  }

  @Test("An id that is used again means the cgroup that was made last")
  func reused() {
    let cgroups = SystemCgroups()
    for path in ["/docker/\(Self.id)", "/a.service", "/docker/\(Self.other)", "/b.service"] {
      cgroups.made(CgroupRecord(time: 1, id: Self.goneID, path: path))
      #expect(Self.path(cgroups, Self.goneID) == path)
    }
  }

  @Test("A container's name is read when it is made: its files may be gone when its connects are told")
  func brief() throws {
    let root = try TemporaryRoot()
    try root.write("var/lib/docker/containers/\(Self.id)/config.v2.json", #"{"Name":"/web"}"#)
    let cgroups = SystemCgroups(root: root.path)
    var told: [String] = []
    cgroups.onNew = { _, cgroup in told.append(String(decoding: cgroup.label, as: UTF8.self)) }
    cgroups.made(CgroupRecord(time: 1, id: Self.goneID, path: "/docker/\(Self.id)"))
    try root.write("var/lib/docker/containers/\(Self.id)/config.v2.json", "")
    var start = StartRecord.sample(at: RefreshSchedule.interval * 2, pid: Self.nobody, cgroup: Self.goneID)
    cgroups.resolve(&start)
    #expect(cgroups.cgroup(Self.goneID, at: start.time)?.container?.name == "web")
    // Nobody has connected from the directories inside of it, nor from a service.
    cgroups.made(CgroupRecord(time: 1, id: Self.goneID + 1, path: "/docker/\(Self.id)/init.scope"))
    cgroups.made(CgroupRecord(time: 1, id: Self.goneID + 2, path: "/system.slice/a.service"))
    #expect(told == ["web (docker)"])
  }

  @Test("What was made is remembered within bounds, the last longest")
  func bounded() {
    let cgroups = SystemCgroups()
    for number in 1...10_000 as ClosedRange<UInt64> {
      cgroups.made(CgroupRecord(time: 1, id: Self.goneID + number, path: "/\(number).service"))
    }
    #expect(Self.path(cgroups, Self.goneID + 10_000) == "/10000.service")
    #expect(Self.path(cgroups, Self.goneID + 1)?.hasPrefix("cgroup:") == true)
  }

  @Test("Bytes that are too few, of another kind or without a path are no record of a cgroup")
  func notARecord() {
    let whole = Self.bytes(42, "/a/\u{FFFD}é")
    #expect(whole.withUnsafeBytes { CgroupRecord($0) } == CgroupRecord(time: 7, id: 42, path: "/a/\u{FFFD}é"))
    #expect(whole.withUnsafeBytes { Record($0) } == nil)
    for length in 0..<whole.count {
      #expect(whole.prefix(length).withUnsafeBytes { CgroupRecord($0) } == nil)
    }
    #expect(Self.bytes(42, "").withUnsafeBytes { CgroupRecord($0) } == nil)
    var other = whole
    other[20] = UInt8(RECORD_START.rawValue)
    #expect(other.withUnsafeBytes { CgroupRecord($0) } == nil)
    let long = "/" + String(repeating: "x", count: 5000)
    #expect(Self.bytes(42, long).withUnsafeBytes { CgroupRecord($0) }?.path.utf8.count == 1023)
  }
}
