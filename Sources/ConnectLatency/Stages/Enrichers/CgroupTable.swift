import OrderedCollections

/// A bounded table of cgroups by id. When it is full, the one that came first is forgotten.
struct CgroupTable {
  private var cgroups: OrderedDictionary<UInt64, Cgroup> = [:]
  private let maximum: Int
  /// The id asked for last: connects come in runs.
  private var last: (id: UInt64, cgroup: Cgroup)?

  init(maximum: Int = 4096) {
    self.maximum = maximum
  }

  mutating func find(_ id: UInt64) -> Cgroup? {
    if let last, last.id == id { return last.cgroup }
    guard let found = cgroups[id] else { return nil }
    last = (id, found)
    return found
  }

  mutating func insert(_ cgroup: Cgroup, id: UInt64) {
    if cgroups.count >= maximum, cgroups[id] == nil { cgroups.removeFirst(maximum / 8) }
    cgroups[id] = cgroup
    last = nil
  }
}
