import CConnectRecord

/// What happens to a connect after its start: the kernel's `struct record_end`.
public struct EndRecord: Sendable, BitwiseCopyable {
  /// What happened.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// An acceptable SYN-ACK arrived, or the SYN of a simultaneous open.
    case response = 2
    /// An acceptable RST arrived. The close that follows is the end.
    case reset = 3
    /// The sock went from SYN_SENT to CLOSE.
    case close = 4
    /// The call that started the connect returned an error.
    case failed = 5
  }

  var raw: record_end

  init(raw: record_end) {
    self.raw = raw
  }

  /// An end as a source other than the kernel's ring buffer makes it.
  public init(
    kind: Kind, time: UInt64, sock: UInt64, tid: UInt32 = 0, error: UInt16 = 0, retransmits: UInt16? = 0,
    source: IPAddress, sourcePort: UInt16, destination: IPAddress, destinationPort: UInt16
  ) {
    raw = record_end()
    raw.header.time = time
    raw.header.sock = sock
    raw.header.tid = tid
    raw.header.kind = kind.rawValue
    raw.header.ip = destination.isIPv4 ? 4 : 6
    raw.header.flags = retransmits == nil ? UInt8(RECORD_RETRANSMITS_UNKNOWN.rawValue) : 0
    raw.sport = sourcePort
    raw.dport = destinationPort
    raw.error = error
    raw.retransmits = retransmits ?? 0
    raw.saddr = source.words
    raw.daddr = destination.words
  }

  /// What happened. A record of no known kind is never made into an `EndRecord`.
  public var kind: Kind { Kind(rawValue: raw.header.kind) ?? .close }
  /// When, CLOCK_MONOTONIC in nanoseconds.
  public var time: UInt64 { raw.header.time }
  /// The address of the kernel's `struct sock`.
  public var sock: UInt64 { raw.header.sock }
  /// The thread whose call returned, of `failed` records.
  public var tid: UInt32 { raw.header.tid }
  /// The sock's error (`sk_err`) at a close, the call's at a failure; 0 for none.
  public var error: UInt16 { raw.error }
  /// How many SYNs were sent again (`tcp_sock.total_retrans`); nil when unknown.
  public var retransmits: UInt16? {
    raw.header.flags & UInt8(RECORD_RETRANSMITS_UNKNOWN.rawValue) == 0 ? raw.retransmits : nil
  }
  /// The local address, unspecified when the sock has none.
  public var source: IPAddress { IPAddress(words: raw.saddr, isIPv4: raw.header.ip == 4) }
  /// The local port, host byte order, 0 when the sock has none.
  public var sourcePort: UInt16 { raw.sport }
  /// The peer's address, unspecified when the sock has none.
  public var destination: IPAddress { IPAddress(words: raw.daddr, isIPv4: raw.header.ip == 4) }
  /// The peer's port, host byte order.
  public var destinationPort: UInt16 { raw.dport }
  /// Whether the sock closed inside a connect call whose return no hook sees, so that the errno is unknown.
  var isInConnect: Bool { raw.header.flags & UInt8(RECORD_IN_CONNECT.rawValue) != 0 }
  /// Whether another hook may have told of this already.
  var isMaybeRepeated: Bool { raw.header.flags & UInt8(RECORD_MAYBE_REPEATED.rawValue) != 0 }
}
