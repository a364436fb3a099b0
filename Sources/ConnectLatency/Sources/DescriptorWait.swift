import Glibc

/// Waits for records, for what ends tracing, and for the time.
struct DescriptorWait {
  let stops: [LiveSource.StopDescriptor]
  /// When to end, CLOCK_MONOTONIC in nanoseconds; nil for never.
  let deadline: UInt64?

  /// Waits until one of `readable` is, or `timeout` milliseconds are over; below zero means for ever.
  /// - Returns: false when it is time to end.
  func wait(for readable: [CInt], timeout: Int32) -> Bool {
    var descriptors = stops.map { stop in
      switch stop {
      case .readable(let descriptor): pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      case .disconnected(let descriptor): pollfd(fd: descriptor, events: 0, revents: 0)
      }
    }
    descriptors += readable.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let until = timeout < 0 ? nil : MonotonicClock.now + UInt64(timeout) * 1_000_000
    while true {
      let end = [until, deadline].compactMap { $0 }.min()
      let remaining =
        end.map { Int32(clamping: ($0 - min($0, MonotonicClock.now) + 999_999) / 1_000_000) } ?? -1
      let count = poll(&descriptors, nfds_t(descriptors.count), remaining)
      if descriptors.prefix(stops.count).contains(where: { $0.revents != 0 }) { return false }
      if let deadline, MonotonicClock.now >= deadline { return false }
      if count > 0 { return true }
      if let until, MonotonicClock.now >= until { return true }
    }
  }
}
