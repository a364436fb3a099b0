import CConnectRecord

/// One connect attempt, from its start to its end: what every stage sees.
public struct Connection: Sendable {
  /// How it began.
  public var start: StartRecord
  /// The record that ended it.
  public let end: EndRecord
  /// How it ended.
  public let outcome: Outcome
  /// The errno that the kernel set, 0 for none.
  public let error: UInt16
  /// When it ended, CLOCK_MONOTONIC in nanoseconds. Earlier than `end.time` when a RST arrived before the close.
  public let endTime: UInt64
  /// What makes `endTime` the time of day, in nanoseconds.
  public let clockOffset: Int64
  /// The cgroup, where an enricher has found it.
  public var cgroup: Cgroup?

  init(
    start: StartRecord, end: EndRecord, endTime: UInt64, outcome: Outcome, error: UInt16, clockOffset: Int64
  ) {
    self.start = start
    self.end = end
    self.endTime = endTime
    self.outcome = outcome
    self.error = error
    self.clockOffset = clockOffset
  }
}

extension Connection {
  /// From the start to the end, in nanoseconds.
  public var latency: UInt64 {
    // Clocks of two CPUs may differ by less than a connect takes; never below zero all the same.
    endTime > start.time ? endTime - start.time : 0
  }

  /// When it ended, in nanoseconds since the epoch.
  public var realTime: UInt64 { UInt64(clamping: Int64(clamping: endTime) &+ clockOffset) }

  /// The local address, unspecified when the sock never had one.
  public var source: IPAddress { end.source }

  /// The local port, 0 when the sock never had one.
  public var sourcePort: UInt16 { end.sourcePort }

  /// The peer's address: the sock's own, else the one asked for.
  public var destination: IPAddress { isAddressed ? end.destination : start.destination }

  /// The peer's port: the sock's own, which a BPF program of the cgroup may have changed, else the one asked for.
  public var destinationPort: UInt16 { isAddressed ? end.destinationPort : start.destinationPort }

  /// Whether this was a connect over IPv4, which it is for a v4-mapped address as well.
  public var isIPv4: Bool { start.raw.header.ip == 4 }

  /// Whether the end knows the peer's address. A call that failed early leaves an older one, or none, in the sock.
  private var isAddressed: Bool {
    outcome != .failed && end.raw.header.ip == start.raw.header.ip && (end.raw.daddr.0 | end.raw.daddr.1) != 0
  }
}
