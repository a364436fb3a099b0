import Glibc

/// One event of tracefs, as far as any of ours carries it. What an event has no field for is zero.
struct TraceEvent: BitwiseCopyable {
  /// What happened.
  enum Kind: UInt8, BitwiseCopyable {
    /// Events of our own, at the places that the BPF probes hook as well.
    case connectV4, connectV6, connectReturned, finished, stateSet, taskExit
    /// A RST that ends the connect, in either way.
    case reset
    /// The tracepoints' events; a RST beside one of our own may be any sock's.
    case stateChanged, retransmit, errorReport, callEntered, callReturned, resetReceived
  }

  var kind: Kind
  /// CLOCK_MONOTONIC in nanoseconds.
  var time: UInt64 = 0
  /// The thread that was running, which in an interrupt is any.
  var tid: UInt32 = 0
  var sock: UInt64 = 0
  var family: UInt16 = 0
  /// Host byte order.
  var sport: UInt16 = 0
  var dport: UInt16 = 0
  /// As they lie in memory.
  var saddr: UInt32 = 0
  var daddr: UInt32 = 0
  var saddrV6: (UInt64, UInt64) = (0, 0)
  var daddrV6: (UInt64, UInt64) = (0, 0)
  var isV6Only = false
  /// States before and after.
  var oldState: UInt8 = 0
  var newState: UInt8 = 0
  /// An errno, or what a function returned.
  var result: Int64 = 0
  var retransmits: UInt16 = 0
  var netns: UInt32 = 0
  var comm = Comm([])
  /// Of an exiting task.
  var pid: UInt32 = 0
  var uid: UInt32 = 0
  var cgroup: UInt64 = 0

  init(_ kind: Kind) {
    self.kind = kind
  }
}

extension TraceEvent {
  /// States of a sock.
  static let synSent: UInt8 = 2
  static let synReceived: UInt8 = 3
  static let closed: UInt8 = 7

  /// Whether this is about an IPv4 connect, which it is for a v4-mapped address as well.
  var isIPv4: Bool { family != UInt16(AF_INET6) || (isMapped && !isV6Only) }

  private var isMapped: Bool {
    daddrV6.0 == 0 && UInt32(truncatingIfNeeded: daddrV6.1.littleEndian) == UInt32(0xffff).bigEndian
  }

  var source: IPAddress { address(saddr, saddrV6) }
  var destination: IPAddress { address(daddr, daddrV6) }

  private func address(_ v4: UInt32, _ v6: (UInt64, UInt64)) -> IPAddress {
    guard isIPv4 else { return IPAddress(words: v6, isIPv4: false) }
    let word = family == UInt16(AF_INET6) ? v6.1.littleEndian >> 32 : UInt64(v4.littleEndian)
    return IPAddress(words: (word.littleEndian, 0), isIPv4: true)
  }

  /// What became of the connect, as a record.
  func end(
    _ kind: EndRecord.Kind, error: UInt16 = 0, retransmits: UInt16?, tid: UInt32 = 0, time: UInt64? = nil
  ) -> Record {
    .end(
      EndRecord(
        kind: kind, time: time ?? self.time, sock: sock, tid: tid, error: error, retransmits: retransmits,
        source: source, sourcePort: sport, destination: destination, destinationPort: dport))
  }
}
