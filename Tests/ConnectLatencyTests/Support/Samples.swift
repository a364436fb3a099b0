import CConnectRecord

@testable import ConnectLatency

/// A sock pointer as the kernel has them.
let someSock: UInt64 = 0xffff_8881_0203_0440

extension IPAddress {
  /// An address of the tests' own, which must be one.
  static func of(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { fatalError("\(text) is no address") }
    return address
  }
}

extension StartRecord {
  /// A start of the seed's example; tests name what they are about.
  static func sample(
    at time: UInt64 = 1_000_000, sock: UInt64 = someSock, tid: UInt32 = 1202, pid: UInt32 = 1201,
    uid: UInt32? = 1000, netns: UInt32? = 4_026_531_840, cgroup: UInt64? = nil, comm: String = "wget",
    to destination: String = "23.23.100.231", port: UInt16 = 80, isV6Function: Bool = false,
    isMaybeRepeated: Bool = false
  ) -> StartRecord {
    var start = StartRecord(
      time: time, sock: sock, tid: tid, pid: pid, uid: uid, netns: netns, cgroup: cgroup,
      comm: Comm(comm.utf8), destination: .of(destination), destinationPort: port, isV6Function: isV6Function)
    if isMaybeRepeated { start.raw.header.flags |= UInt8(RECORD_MAYBE_REPEATED.rawValue) }
    return start
  }
}

extension EndRecord {
  /// What happens to the start of the seed's example.
  static func sample(
    _ kind: Kind, at time: UInt64 = 2_650_000, sock: UInt64 = someSock, tid: UInt32 = 0, error: UInt16 = 0,
    retransmits: UInt16? = 0, from source: String = "10.153.223.157", sourcePort: UInt16 = 40_312,
    to destination: String = "23.23.100.231", port: UInt16 = 80, isInConnect: Bool = false,
    isMaybeRepeated: Bool = false
  ) -> EndRecord {
    var end = EndRecord(
      kind: kind, time: time, sock: sock, tid: tid, error: error, retransmits: retransmits,
      source: .of(source), sourcePort: sourcePort, destination: .of(destination), destinationPort: port)
    if isInConnect { end.raw.header.flags |= UInt8(RECORD_IN_CONNECT.rawValue) }
    if isMaybeRepeated { end.raw.header.flags |= UInt8(RECORD_MAYBE_REPEATED.rawValue) }
    return end
  }
}

extension Connection {
  /// A connection as the pairer makes it of these two.
  static func sample(
    _ start: StartRecord = .sample(), _ end: EndRecord? = nil, outcome: Outcome = .established,
    error: UInt16 = 0, endTime: UInt64? = nil, clockOffset: Int64 = 0, cgroup: String? = nil
  ) -> Connection {
    let end = end ?? .sample(.response, port: start.destinationPort)
    var connection = Connection(
      start: start, end: end, endTime: endTime ?? end.time, outcome: outcome, error: error,
      clockOffset: clockOffset)
    connection.cgroup = cgroup.map { Cgroup(path: $0) }
    return connection
  }

  /// One that took so many nanoseconds.
  static func sample(latency: UInt64) -> Connection {
    .sample(.sample(at: 5_000), .sample(.response, at: 5_000 + latency))
  }
}

extension Pairer {
  /// Takes records in order.
  /// - Returns: the connections they made.
  mutating func take(_ records: [Record]) -> [Connection] {
    records.compactMap { record in
      switch record {
      case .start(let start): begin(start)
      case .end(let end): return self.end(end)
      case .clock(let offset): setClock(offset: offset)
      case .lost: break
      }
      return nil
    }
  }
}
