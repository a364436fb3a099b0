/// When to look again at what is known of each cgroup.
///
/// A container may be renamed, and an id may come to mean another directory: every few seconds will do. A container
/// whose name is not there yet, for its runtime writes it a little later, is looked up sooner, and ever less often.
struct RefreshSchedule {
  private struct Look {
    var next: UInt64
    var wait: UInt64
  }

  private var looks: [UInt64: Look] = [:]
  /// The id asked for last, and until when nothing is to be done for it: connects come in runs.
  private var current: (id: UInt64, until: UInt64) = (0, 0)

  static let interval: UInt64 = 5_000_000_000
  static let firstWait: UInt64 = 20_000_000
  private static let maximum = 8192

  /// Whether it is time to look at that cgroup again.
  mutating func isDue(_ id: UInt64, at time: UInt64) -> Bool {
    if current.id == id, time < current.until { return false }
    guard let look = looks[id] else { return true }
    current = (id, look.next)
    return time >= look.next
  }

  /// Notes that it has been looked at.
  /// - Parameter foundAll: whether there is nothing more to be found.
  mutating func looked(at id: UInt64, now: UInt64, foundAll: Bool) {
    if looks.count >= Self.maximum { looks.removeAll(keepingCapacity: true) }
    let wait = foundAll ? Self.interval : min((looks[id]?.wait ?? Self.firstWait / 2) * 2, Self.interval)
    looks[id] = Look(next: now &+ wait, wait: foundAll ? Self.firstWait / 2 : wait)
    current = (id, now &+ wait)
  }
}
