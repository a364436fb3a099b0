import Glibc

/// Pairs starts with ends by sock pointer.
///
/// A sock pointer is reused as soon as its sock is freed, and by the same socket after a refused connect, so a start
/// always begins a new attempt; the one exception is `tcp_v6_connect()` calling on to `tcp_v4_connect()`.
public struct Pairer: ~Copyable {
  /// What could not be paired.
  public struct Losses: Sendable, Equatable {
    /// Starts that made room for newer ones because too many were open.
    public var evicted: UInt64 = 0
    /// Starts whose end never came before their sock began another connect.
    public var superseded: UInt64 = 0
    /// Ends whose start the hooks saw, and that came without it.
    public var unmatched: UInt64 = 0
  }

  private var opened: OpenConnects
  private var clockOffset: Int64 = 0
  /// What could not be paired so far.
  public private(set) var losses = Losses()
  /// Records that nothing is missing for: what another hook had told already, and ends of connects that began before
  /// tracing or were filtered in the kernel.
  public private(set) var passedOver: UInt64 = 0

  /// How many connects may be open at once by default. At 96 bytes each they fill 12.6 MB, and only if needed.
  public static var defaultMaximumOpen: Int { 131_072 }

  /// - Parameter maximumOpen: how many connects are kept open, rounded up to a power of two.
  public init(maximumOpen: Int = Self.defaultMaximumOpen) {
    opened = OpenConnects(maximum: maximumOpen)
  }

  /// How many connects have begun and not ended.
  public var openCount: Int { opened.count }

  /// Says how CLOCK_MONOTONIC and the time of day differ from here on, in nanoseconds.
  public mutating func setClock(offset: Int64) {
    clockOffset = offset
  }

  /// Takes the start of a connect.
  public mutating func begin(_ start: StartRecord) {
    if let slot = opened.find(start.sock) {
      if isSameCall(slot.pointee.start, start) {
        passedOver += 1
        return
      }
      losses.superseded += 1
      opened.remove(start.sock)
    }
    if opened.insert(start) { losses.evicted += 1 }
  }

  /// Takes what happened to a connect.
  /// - Returns: the connection, if that was its end.
  public mutating func end(_ end: EndRecord) -> Connection? {
    guard let slot = opened.find(end.sock) else {
      // A call that fails returns after its sock has closed, often with a row already.
      if end.kind == .failed || end.isMaybeRepeated { passedOver += 1 } else { losses.unmatched += 1 }
      return nil
    }
    let endTime: UInt64
    let outcome: Outcome
    switch end.kind {
    case .response:
      (outcome, endTime) = (.established, end.time)
    case .reset:
      slot.pointee.resetTime = end.time
      return nil
    case .close:
      let resetTime = slot.pointee.resetTime
      (outcome, endTime) = (
        Self.outcome(of: end, wasReset: resetTime != 0), resetTime == 0 ? end.time : resetTime
      )
    case .failed:
      // The slot that remembers the call is shared by some threads; the sock's own start says whose it was.
      guard slot.pointee.start.raw.header.tid == end.tid else { return nil }
      (outcome, endTime) = (.failed, end.time)
    }
    let connection = Connection(
      start: slot.pointee.start, end: end, endTime: endTime, outcome: outcome,
      error: outcome == .established ? 0 : end.error, clockOffset: clockOffset)
    opened.remove(end.sock)
    return connection
  }
}

extension Pairer {
  /// Whether `second` is what `tcp_v6_connect()` with a v4-mapped address does next, or what another hook says of the
  /// same call, when its sock may have got an address in place of an unspecified one.
  private func isSameCall(_ first: StartRecord, _ second: StartRecord) -> Bool {
    guard first.raw.header.tid == second.raw.header.tid, first.destinationPort == second.destinationPort
    else { return false }
    return second.isMaybeRepeated
      || first.isV6Function && !second.isV6Function && first.destination == second.destination
  }

  /// What a sock's way from SYN_SENT to CLOSE means, by the error that was set before.
  private static func outcome(of end: EndRecord, wasReset: Bool) -> Outcome {
    switch Int32(end.error) {
    case 0: end.isInConnect ? .failed : .aborted
    case ECONNABORTED: .aborted
    case ETIMEDOUT: .timeout
    case ECONNREFUSED where wasReset: .refused
    // An ICMP port unreachable sets ECONNREFUSED as well.
    default: .unreachable
    }
  }
}
