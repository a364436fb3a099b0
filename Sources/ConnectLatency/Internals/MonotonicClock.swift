import Glibc

/// CLOCK_MONOTONIC, which `bpf_ktime_get_ns()` reads as well.
public enum MonotonicClock {
  /// Nanoseconds since some point in the past.
  public static var now: UInt64 { nanoseconds(CLOCK_MONOTONIC) }

  fileprivate static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// What CLOCK_MONOTONIC lacks to be CLOCK_REALTIME, in nanoseconds.
enum ClockOffset {
  /// Below this the difference is how long it took to read two clocks, or the clock being slewed.
  private static let tolerance: Int64 = 1_000_000

  /// The offset now; nil when it is as good as `known`.
  static func changed(since known: Int64?) -> Int64? {
    let now = Int64(MonotonicClock.nanoseconds(CLOCK_REALTIME)) - Int64(MonotonicClock.now)
    if let known, abs(now - known) < tolerance { return nil }
    return now
  }
}
