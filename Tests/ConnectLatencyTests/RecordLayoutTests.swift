import CConnectRecord
import Glibc
import Testing

@testable import ConnectLatency

@Suite("Records are as the hooks write them")
struct RecordLayoutTests {
  @Test("Swift sees the sizes that the kernel sees")
  func sizes() {
    #expect(MemoryLayout<record_header>.size == 24)
    #expect(MemoryLayout<record_start>.size == 80)
    #expect(MemoryLayout<record_end>.size == 64)
    #expect(MemoryLayout<record_start>.stride == 80 && MemoryLayout<record_end>.stride == 64)
  }

  @Test("Fields are where the header says")
  func offsets() {
    #expect(MemoryLayout<record_start>.offset(of: \.tgid) == 24)
    #expect(MemoryLayout<record_start>.offset(of: \.cgroup) == 40)
    #expect(MemoryLayout<record_start>.offset(of: \.comm) == 48)
    #expect(MemoryLayout<record_start>.offset(of: \.daddr) == 64)
    #expect(MemoryLayout<record_end>.offset(of: \.sport) == 24)
    #expect(MemoryLayout<record_end>.offset(of: \.saddr) == 32)
    #expect(MemoryLayout<record_end>.offset(of: \.daddr) == 48)
    #expect(MemoryLayout<record_cgroup>.offset(of: \.cgroup) == 24)
    #expect(MemoryLayout<record_cgroup>.offset(of: \.path) == 32)
  }

  private static func read(_ bytes: [UInt8]) -> Record? { bytes.withUnsafeBytes { Record($0) } }

  @Test("A start is read field by field, from any address")
  func start() throws {
    let sample = StartRecord.sample(cgroup: 42, to: "2001:db8::1", isV6Function: true)
    let bytes = [0] + withUnsafeBytes(of: sample.raw) { Array($0) }
    let record = bytes.withUnsafeBytes { Record(UnsafeRawBufferPointer(rebasing: $0[1...])) }
    guard case .start(let start) = record else { throw WrongRecord() }
    #expect(start.time == 1_000_000 && start.sock == someSock)
    #expect(start.tid == 1202 && start.pid == 1201 && start.uid == 1000)
    #expect(start.netns == 4_026_531_840 && start.cgroupID == 42)
    #expect(start.comm == Comm("wget".utf8))
    #expect(start.destination == .of("2001:db8::1") && start.destinationPort == 80)
    #expect(start.isV6Function)
  }

  @Test("An end is read field by field, whatever its kind", arguments: EndRecord.Kind.allCases)
  func end(kind: EndRecord.Kind) throws {
    let sample = EndRecord.sample(kind, tid: 9, error: 110, retransmits: 6, isInConnect: true)
    guard case .end(let end) = Self.read(withUnsafeBytes(of: sample.raw) { Array($0) }) else {
      throw WrongRecord()
    }
    #expect(end.kind == kind && end.time == 2_650_000 && end.sock == someSock && end.tid == 9)
    #expect(end.error == 110 && end.retransmits == 6 && end.isInConnect)
    #expect(end.source == .of("10.153.223.157") && end.sourcePort == 40_312)
    #expect(end.destination == .of("23.23.100.231") && end.destinationPort == 80)
  }

  @Test("What is unknown is nil")
  func unknown() {
    let start = StartRecord.sample(tid: 0, pid: 0, uid: nil, netns: nil, cgroup: nil, comm: "")
    #expect(
      start.tid == nil && start.pid == nil && start.uid == nil && start.netns == nil && start.cgroupID == nil)
    #expect(StartRecord.sample(uid: 0).uid == 0)
    #expect(EndRecord.sample(.close, retransmits: nil).retransmits == nil)
    #expect(EndRecord.sample(.close, retransmits: 0).retransmits == 0)
  }

  @Test("Bytes that are too few or of no known kind are no record")
  func notARecord() {
    let start = withUnsafeBytes(of: StartRecord.sample().raw) { Array($0) }
    let end = withUnsafeBytes(of: EndRecord.sample(.response).raw) { Array($0) }
    for length in 0..<start.count { #expect(Self.read(Array(start.prefix(length))) == nil) }
    for length in 0..<end.count { #expect(Self.read(Array(end.prefix(length))) == nil) }
    for kind in [0, 6, 7, 255] as [UInt8] {
      var other = start
      other[20] = kind
      #expect(Self.read(other) == nil)
    }
    #expect(Self.read(start + [1, 2, 3]) != nil, "a later version may append")
  }

  @Test(
    "Errnos have the names that errno(3) gives them",
    arguments: [
      (ECONNREFUSED, "ECONNREFUSED"), (ETIMEDOUT, "ETIMEDOUT"), (EHOSTUNREACH, "EHOSTUNREACH"),
      (ENETUNREACH, "ENETUNREACH"), (EADDRNOTAVAIL, "EADDRNOTAVAIL"), (EADDRINUSE, "EADDRINUSE"),
      (EPERM, "EPERM"),
      (EACCES, "EACCES"), (ECONNABORTED, "ECONNABORTED"), (ECONNRESET, "ECONNRESET"), (EINVAL, "EINVAL"),
      (EAFNOSUPPORT, "EAFNOSUPPORT"), (ENOBUFS, "ENOBUFS"), (EPROTO, "EPROTO"), (EINTR, "EINTR"),
      (EISCONN, "EISCONN"), (EALREADY, "EALREADY"), (EMSGSIZE, "EMSGSIZE"), (ENOPROTOOPT, "ENOPROTOOPT"),
      (EHOSTDOWN, "EHOSTDOWN"), (ENONET, "ENONET"), (EOPNOTSUPP, "EOPNOTSUPP"), (ENOMEM, "ENOMEM"),
      (EAGAIN, "EAGAIN"), (ENETDOWN, "ENETDOWN"),
    ])
  func errnoNames(number: Int32, name: String) {
    #expect(Connection.sample(outcome: .failed, error: UInt16(number)).errorName == name)
  }

  @Test("No errno has no name, one that is not known is a number")
  func noErrnoName() {
    #expect(Connection.sample().errorName == nil)
    #expect(Connection.sample(error: 4000).errorName == "errno 4000")
  }

  private struct WrongRecord: Error {}
}
