import CConnectRecord
import Testing

@testable import ConnectLatency

@Suite("Records that wait for the reader of the rows")
struct RecordBacklogTests {
  private static let longest = MemoryLayout<record_cgroup>.size

  /// Takes everything, in pieces.
  private static func all(
    of backlog: RecordBacklog, atMost limit: Int = 7
  ) -> (ports: [UInt16], paths: [String]) {
    var ports: [UInt16] = []
    var paths: [String] = []
    while !backlog.isEmpty {
      var count = 0
      func cgroup(_ made: CgroupRecord) { paths.append(made.path) }
      try? backlog.take(atMost: limit, onCgroup: cgroup) { record in
        count += 1
        if case .end(let end) = record { ports.append(end.destinationPort) }
      }
      #expect(count <= limit)
    }
    return (ports, paths)
  }

  private static func append(_ port: UInt16, to backlog: RecordBacklog) {
    let record = EndRecord.sample(.response, port: port)
    withUnsafeBytes(of: record.raw) { backlog.append($0) }
  }

  @Test("come out in the order in which they went in, also while more go in", arguments: [4 << 10, 64 << 10])
  func order(capacity: Int) {
    let backlog = RecordBacklog(capacity: capacity)
    var (written, read): (UInt16, [UInt16]) = (0, [])
    for round in 0..<40 {
      for _ in 0..<min(backlog.room, 1 + round % 5) {
        Self.append(written, to: backlog)
        written += 1
      }
      try? backlog.take(atMost: 2, onCgroup: nil) { record in
        if case .end(let end) = record { read.append(end.destinationPort) }
      }
    }
    read += Self.all(of: backlog).ports
    #expect(read == Array(0..<written))
    #expect(backlog.isEmpty)
  }

  @Test("are no more than there is room for, and there is room again afterwards")
  func room() {
    let backlog = RecordBacklog(capacity: 1 << 20)
    let room = backlog.room
    #expect(room == 4 * ((256 << 10) / (Self.longest + 2)))
    var count: UInt16 = 0
    while backlog.room > 0 {
      Self.append(count, to: backlog)
      count += 1
    }
    // An answer is a sixteenth of the longest record.
    #expect(Int(count) > 12 * room && Int(count) * 66 <= 1 << 20)
    #expect(Self.all(of: backlog, atMost: 100_000).ports == Array(0..<count))
    #expect(backlog.room == room)
  }

  @Test("may be paths of cgroups, which come in order too")
  func cgroups() {
    let backlog = RecordBacklog(capacity: 4096)
    var record = record_cgroup()
    record.header.kind = UInt8(RECORD_CGROUP.rawValue)
    withUnsafeMutableBytes(of: &record.path) { $0.copyBytes(from: "/machine.slice/a".utf8) }
    withUnsafeBytes(of: record) { backlog.append($0) }
    Self.append(80, to: backlog)
    #expect(Self.all(of: backlog) == ([80], ["/machine.slice/a"]))
  }

  @Test("stay behind one whose reader fails")
  func failure() {
    let backlog = RecordBacklog(capacity: 4096)
    for port in 1...3 as ClosedRange<UInt16> { Self.append(port, to: backlog) }
    #expect(throws: SinkError.readerGone) {
      try backlog.take(atMost: 3, onCgroup: nil) { _ throws(SinkError) in throw .readerGone }
    }
    #expect(Self.all(of: backlog).ports == [2, 3])
  }
}
