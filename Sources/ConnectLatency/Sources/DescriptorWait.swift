import Glibc

/// Waits for records, for a reader of rows, for what ends tracing, and for the time.
struct DescriptorWait {
  /// What there was to wait for.
  enum Event {
    /// It is time to end.
    case stop
    /// Somebody reads the rows again, or nobody will.
    case writable
    /// There are records.
    case readable
    case timeout
  }

  let stops: [LiveSource.StopDescriptor]
  /// When to end, CLOCK_MONOTONIC in nanoseconds; nil for never.
  let deadline: UInt64?

  /// Waits until a descriptor can be written to or nobody reads its other end any more.
  static func untilWritable(_ descriptor: CInt) {
    _ = DescriptorWait(stops: [], deadline: nil).wait(writable: descriptor)
  }

  /// Waits until one of `readable` is, `writable` is, or `timeout` milliseconds are over; below zero means for ever.
  func wait(for readable: [CInt] = [], writable: CInt? = nil, timeout: Int32 = -1) -> Event {
    var descriptors = stops.map { stop in
      switch stop {
      case .readable(let descriptor): pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      case .disconnected(let descriptor): pollfd(fd: descriptor, events: 0, revents: 0)
      }
    }
    // poll(2) passes over a descriptor below zero.
    descriptors.append(pollfd(fd: writable ?? -1, events: Int16(POLLOUT), revents: 0))
    descriptors += readable.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let until = timeout < 0 ? nil : MonotonicClock.now + UInt64(timeout) * 1_000_000
    while true {
      let end = [until, deadline].compactMap { $0 }.min()
      let remaining =
        end.map { Int32(clamping: ($0 - min($0, MonotonicClock.now) + 999_999) / 1_000_000) } ?? -1
      let count = poll(&descriptors, nfds_t(descriptors.count), remaining)
      if descriptors.prefix(stops.count).contains(where: { $0.revents != 0 }) { return .stop }
      if let deadline, MonotonicClock.now >= deadline { return .stop }
      if count > 0 { return descriptors[stops.count].revents != 0 ? .writable : .readable }
      if let until, MonotonicClock.now >= until { return .timeout }
    }
  }
}
