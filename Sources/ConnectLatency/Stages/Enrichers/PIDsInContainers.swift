/// What processes are called in their own pid namespaces, by the host's pid.
///
/// A process keeps its pid, but the host gives it to another one later: what is known is believed for a moment only.
struct PIDsInContainers {
  private struct Entry {
    var pid: UInt32 = 0
    var inner: UInt32 = 0
    var time: UInt64 = 0
  }

  /// By the low bits of the pid; two processes that share them take turns.
  private var entries = [Entry](repeating: Entry(), count: 256)

  private static let belief: UInt64 = 1_000_000_000

  /// The innermost pid of a process; nil when the process is gone.
  mutating func find(_ pid: UInt32, at time: UInt64) -> UInt32? {
    let slot = Int(pid & 255)
    let entry = entries[slot]
    if entry.pid == pid, time < entry.time &+ Self.belief { return entry.inner == 0 ? nil : entry.inner }
    let inner = ProcessFiles.innermostPID(of: pid)
    entries[slot] = Entry(pid: pid, inner: inner ?? 0, time: time)
    return inner
  }
}
