/// Rows of JSON, on their way out.
///
/// A struct, because a class would have the runtime check at each append that nobody else is appending.
struct JSONRows: ~Copyable {
  private let showsCgroup: Bool
  private var buffer = TextBuffer()
  private var clock = RFC3339Clock()
  private var comm = CommText()
  private var source = AddressText()
  private var destination = AddressText()

  init(showsCgroup: Bool) {
    self.showsCgroup = showsCgroup
  }

  /// Writes what is waiting; whatever comes of it, no row is written twice.
  mutating func write(to output: RowOutput) throws(SinkError) {
    try buffer.write(to: output)
  }

  /// How many bytes are waiting.
  var length: Int { buffer.count }

  /// Appends a row.
  /// - Parameter cgroup: the connection's. To ask a borrowed connection for it would copy the connection.
  mutating func append(_ connection: borrowing Connection, _ cgroup: Cgroup?) {
    buffer.append(#"{"time":""#)
    clock.append(nanoseconds: connection.realTime, to: &buffer)
    buffer.append(#"""#)
    appendProcess(connection.start)
    appendAddresses(connection)
    appendEnd(connection)
    if let netns = connection.start.netns { member(#","netns":"#, UInt64(netns)) }
    if showsCgroup {
      if let cgroup { buffer.append(cgroup.json) }
      if let pid = connection.start.pidInContainer, pid != connection.start.pid {
        member(#","pid_in_container":"#, UInt64(pid))
      }
    }
    buffer.append("}\n")
  }

  private mutating func appendProcess(_ start: borrowing StartRecord) {
    if let pid = start.pid { member(#","pid":"#, UInt64(pid)) }
    if let tid = start.tid { member(#","tid":"#, UInt64(tid)) }
    if let uid = start.uid { member(#","uid":"#, UInt64(uid)) }
    if !start.comm.isEmpty {
      buffer.append(#","comm":""#)
      buffer.appendJSONEscaped(start.comm, last: &comm)
      buffer.append(#"""#)
    }
  }

  private mutating func appendAddresses(_ connection: borrowing Connection) {
    buffer.append(connection.isIPv4 ? #","ip":4"# : #","ip":6"#)
    if !connection.source.isUnspecified {
      buffer.append(#","saddr":""#)
      buffer.append(connection.source, last: &source)
      buffer.append(#"""#)
    }
    if connection.sourcePort != 0 { member(#","sport":"#, UInt64(connection.sourcePort)) }
    buffer.append(#","daddr":""#)
    buffer.append(connection.destination, last: &destination)
    buffer.append(#"""#)
    member(#","dport":"#, UInt64(connection.destinationPort))
  }

  private mutating func appendEnd(_ connection: borrowing Connection) {
    let latency = connection.latency
    member(#","latency_ms":"#, latency / 1_000_000)
    buffer.append(UInt8(ascii: "."))
    buffer.append(decimal: latency % 1_000_000, digits: 6)
    buffer.append(#","outcome":""#)
    buffer.append(connection.outcome.name)
    buffer.append(#"""#)
    if connection.error != 0 {
      buffer.append(#","errno":""#)
      buffer.appendErrno(connection.error)
      buffer.append(#"""#)
    }
    if let retransmits = connection.end.retransmits { member(#","retransmits":"#, UInt64(retransmits)) }
  }

  @inline(__always)
  private mutating func member(_ key: StaticString, _ number: UInt64) {
    buffer.append(key)
    buffer.append(decimal: number)
  }
}
