import OrderedCollections

/// A bounded table of cgroups by id. When it is full, those that came first are forgotten.
struct CgroupTable: ~Copyable {
  private struct Known {
    var cgroup: Cgroup
    var schedule: RefreshSchedule
  }

  /// One that was asked for lately. Connects come in runs, of a few cgroups at a time.
  private struct Recent {
    var id: UInt64 = 0
    /// Until when nothing is to be looked up for it.
    var end: UInt64 = 0
    var cgroup: Cgroup?
    var mayNumberProcesses = false
  }

  private var known: OrderedDictionary<UInt64, Known> = [:]
  private let recent = UnsafeMutablePointer<Recent>.allocate(capacity: Self.recentCount)
  private let maximum: Int

  private static let recentBits = 6
  private static let recentCount = 1 << recentBits

  init(maximum: Int = 4096) {
    self.maximum = maximum
    recent.initialize(repeating: Recent(), count: Self.recentCount)
  }

  deinit {
    recent.deinitialize(count: Self.recentCount)
    recent.deallocate()
  }

  /// What is believed of a cgroup without a look at it.
  enum Belief {
    /// Nothing: it is not known, or it is time to look at it again.
    case none
    /// It is as it was. Its processes may have ids of their own.
    case fresh(mayNumberProcesses: Bool)
  }

  /// What is believed of a cgroup that was asked for lately.
  @inline(__always)
  func belief(in id: UInt64, at time: UInt64) -> Belief {
    let slot = Self.slot(of: id)
    guard recent[slot].id == id, time < recent[slot].end else { return .none }
    return .fresh(mayNumberProcesses: recent[slot].mayNumberProcesses)
  }

  /// The cgroup with an id, if it was asked for lately and needs no look.
  @inline(__always)
  func findFresh(_ id: UInt64, at time: UInt64) -> Cgroup? {
    let slot = Self.slot(of: id)
    return recent[slot].id == id && time < recent[slot].end ? recent[slot].cgroup : nil
  }

  /// The cgroup with an id.
  mutating func find(_ id: UInt64) -> Cgroup? {
    let slot = Self.slot(of: id)
    if recent[slot].id == id, let cgroup = recent[slot].cgroup { return cgroup }
    guard let found = known[id] else { return nil }
    recent[slot] = Recent(
      id: id, end: found.schedule.next, cgroup: found.cgroup,
      mayNumberProcesses: found.cgroup.mayNumberProcesses)
    return found.cgroup
  }

  /// Whether it is time to look at a cgroup again.
  func isDue(_ id: UInt64, at time: UInt64) -> Bool {
    known[id].map { time >= $0.schedule.next } ?? false
  }

  /// Notes that a cgroup has been looked at.
  mutating func looked(at id: UInt64, now: UInt64) {
    guard let cgroup = known[id]?.cgroup else { return }
    known[id]?.schedule.looked(at: now, foundAll: cgroup.isWhole)
    recent[Self.slot(of: id)] = Recent()
  }

  /// Adds or replaces a cgroup, which is not looked at again before somebody notes a look at it.
  mutating func insert(_ cgroup: Cgroup, id: UInt64) {
    if known[id] != nil {
      known[id]?.cgroup = cgroup
      recent[Self.slot(of: id)] = Recent()
      return
    }
    if known.count >= maximum {
      known.removeFirst(maximum / 8)
      for slot in 0..<Self.recentCount { recent[slot] = Recent() }
    }
    known[id] = Known(cgroup: cgroup, schedule: RefreshSchedule())
  }

  /// Ids are numbered in steps; a multiplication spreads them (Fibonacci hashing).
  private static func slot(of id: UInt64) -> Int {
    Int(truncatingIfNeeded: (id &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - recentBits))
  }
}

extension Cgroup {
  /// What systemd runs on the host has the host's pids; looking costs more than all the rest.
  fileprivate var mayNumberProcesses: Bool { container != nil || unit == nil }
}
