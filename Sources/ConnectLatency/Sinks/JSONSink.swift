import SystemPackage

/// Prints connections as JSON, one object a line, the keys always in the same order.
public final class JSONSink: Stage {
  private let output: RowOutput
  private var rows: JSONRows

  /// Rows are written at the end of a batch, or when this many bytes have come together.
  private static let enough = 32 << 10

  /// - Parameter showsCgroup: whether there are keys for the cgroup.
  public init(
    to descriptor: FileDescriptor, named name: String = "standard output", showsCgroup: Bool = false
  ) {
    output = RowOutput(descriptor: descriptor, name: name)
    rows = JSONRows(showsCgroup: showsCgroup)
  }

  public func process(_ connection: inout Connection) throws(SinkError) -> Verdict {
    if rows.append(connection) >= Self.enough { try flush() }
    return .pass
  }

  public func flush() throws(SinkError) {
<<<<<<< HEAD
    guard buffer.count > 0 else { return }
    // Whatever the write comes to, no row is written twice.
    defer { buffer.removeAll() }
    try output.write(buffer.contents)
  }
}

extension JSONSink {
  private func append(_ connection: borrowing Connection) {
    buffer.append(#"{"time":""#)
    clock.append(nanoseconds: connection.realTime, to: &buffer)
    buffer.append(#"""#)
    appendProcess(connection.start)
    appendAddresses(connection)
    appendEnd(connection)
    if let netns = connection.start.netns { member(#","netns":"#, UInt64(netns)) }
    if showsCgroup {
      if let cgroup = connection.cgroup { buffer.append(cgroup.json) }
      if let pid = connection.start.pidInContainer, pid != connection.start.pid {
        member(#","pid_in_container":"#, UInt64(pid))
      }
    }
    buffer.append("}\n")
  }

  private func appendProcess(_ start: borrowing StartRecord) {
    if let pid = start.pid { member(#","pid":"#, UInt64(pid)) }
    if let tid = start.tid { member(#","tid":"#, UInt64(tid)) }
    if let uid = start.uid { member(#","uid":"#, UInt64(uid)) }
    if !start.comm.isEmpty {
      buffer.append(#","comm":""#)
      buffer.appendJSONEscaped(start.comm)
      buffer.append(#"""#)
    }
  }

  private func appendAddresses(_ connection: borrowing Connection) {
    buffer.append(connection.isIPv4 ? #","ip":4"# : #","ip":6"#)
    if !connection.source.isUnspecified {
      buffer.append(#","saddr":""#)
      buffer.append(connection.source)
      buffer.append(#"""#)
    }
    if connection.sourcePort != 0 { member(#","sport":"#, UInt64(connection.sourcePort)) }
    buffer.append(#","daddr":""#)
    buffer.append(connection.destination)
    buffer.append(#"""#)
    member(#","dport":"#, UInt64(connection.destinationPort))
  }

  private func appendEnd(_ connection: borrowing Connection) {
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
  private func member(_ key: StaticString, _ number: UInt64) {
    buffer.append(key)
    buffer.append(decimal: number)
=======
    try rows.write(to: output)
>>>>>>> e05726d945c38df16e916d1277f8360e3afcaa90
  }
}
