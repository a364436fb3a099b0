/// What processes are called in their own pid namespaces, by the host's pid.
///
/// A process keeps its pid, but the host gives it to another one later: what is known is believed for a moment only.
struct PIDsInContainers: ~Copyable {
  private struct Entry {
    var pid: UInt32 = 0
    var inner: UInt32 = 0
    var time: UInt64 = 0
  }

  /// By the low bits of the pid; two processes that share them take turns.
  private let entries = UnsafeMutablePointer<Entry>.allocate(capacity: Self.count)

  private static let count = 256
  private static let belief: UInt64 = 1_000_000_000

  init() {
    entries.initialize(repeating: Entry(), count: Self.count)
  }

  deinit {
    entries.deallocate()
  }

  /// The innermost pid of a process; nil when the process is gone.
  func find(_ pid: UInt32, at time: UInt64) -> UInt32? {
    let slot = Int(pid) & (Self.count - 1)
    let entry = entries[slot]
    if entry.pid == pid, time < entry.time &+ Self.belief { return entry.inner == 0 ? nil : entry.inner }
    return look(pid, at: time, slot)
  }

  @inline(never)
  private func look(_ pid: UInt32, at time: UInt64, _ slot: Int) -> UInt32? {
    let inner = ProcessFiles.innermostPID(of: pid)
    entries[slot] = Entry(pid: pid, inner: inner ?? 0, time: time)
    return inner
  }
}
