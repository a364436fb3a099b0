/// Ids for the paths of cgroups that have no id of the kernel's: on cgroup v1 a process is in several at once, and
/// `/proc/PID/cgroup` tells which of them says most.
struct PathIDs {
  private struct Process {
    var pid: UInt32 = 0
    var end: UInt64 = 0
    /// What the kernel's record said.
    var recorded: UInt64 = 0
    /// What was found to say more, or the same.
    var id: UInt64 = 0
  }

  /// They are out of the range of inode numbers, and of those that CGROUP_VERSION_1 stands beside.
  static let first: UInt64 = 1 << 63
  /// How long a process is believed to stay where it is, in nanoseconds.
  private static let belief: UInt64 = 1_000_000_000
  private static let maximum = 4096

  private var ids: [String: UInt64] = [:]
  private var next = Self.first
  /// By the low bits of the pid; two processes that share them take turns.
  private var processes = [Process](repeating: Process(), count: 256)

  /// The id that a process was found to have a moment ago, if the kernel says the same of it as then.
  func find(pid: UInt32, recorded: UInt64, at time: UInt64) -> UInt64? {
    let process = processes[Int(pid & 255)]
    return process.pid == pid && process.recorded == recorded && time < process.end ? process.id : nil
  }

  /// Notes what a process was found to be in.
  mutating func note(_ id: UInt64, pid: UInt32, recorded: UInt64, at time: UInt64) {
    processes[Int(pid & 255)] = Process(pid: pid, end: time &+ Self.belief, recorded: recorded, id: id)
  }

  /// The id of a path, a new one if it has none.
  mutating func id(of path: String) -> UInt64 {
    if let id = ids[path] { return id }
    if ids.count >= Self.maximum { ids.removeAll(keepingCapacity: true) }
    next += 1
    ids[path] = next
    return next
  }
}
