/// When to look again at what is known of a cgroup.
///
/// A container may be renamed, and an id may come to mean another directory: every few seconds will do. A container
/// whose name is not there yet, for its runtime writes it a little later, is looked up sooner, and ever less often.
struct RefreshSchedule {
  /// When it is time, in nanoseconds.
  private(set) var next: UInt64 = .max
  private var wait = Self.firstWait / 2

  static let interval: UInt64 = 5_000_000_000
  static let firstWait: UInt64 = 20_000_000

  /// Notes a look.
  /// - Parameter foundAll: whether there is nothing more to be found.
  mutating func looked(at now: UInt64, foundAll: Bool) {
    wait = foundAll ? Self.firstWait / 2 : min(wait * 2, Self.interval)
    next = now &+ (foundAll ? Self.interval : wait)
  }
}
