/// Who a thread is. Events carry no more than its id; the rest is in `/proc` while it lives, and in what the kernel
/// remembers when it is gone. What neither knows stays unknown.
final class TraceFSTasks {
  /// What is known of a thread.
  struct Task: Equatable {
    var pid: UInt32 = 0
    var uid: UInt32?
    var comm = Comm([])
    var netns: UInt32?
    var cgroup: UInt64?
  }

  private struct Entry {
    var task: Task
    var readAt: UInt64
  }

  private static let maximum = 8192
  private var known: [UInt32: Entry] = [:]
  private var exited: [UInt32: Entry] = [:]
  private let isAllUnknown: Bool
  private let isProcOurs = TraceFSTasks.isProcOurs
  /// The file of tracefs is read at most once for each batch.
  private var savedPIDs: [UInt32: UInt32]?
  private let tracefs: String

  /// - Parameters:
  ///   - isAllUnknown: whether the events say neither the thread's name nor its network namespace.
  ///   - tracefs: where tracefs is mounted.
  init(isAllUnknown: Bool, tracefs: String) {
    self.isAllUnknown = isAllUnknown
    self.tracefs = tracefs
  }

  /// Whether `/proc` tells of the tasks in events, whose ids are those of the initial pid namespace: in another one it has
  /// other processes under them.
  static var isProcOurs: Bool { ProcessFiles.link("/proc/self/ns/pid") == "pid:[4026531836]" }

  /// Looks at a thread as soon as its connect has been read, while it is likely to be there.
  /// - Returns: false when it is gone.
  func look(at tid: UInt32, connecting time: UInt64) -> Bool {
    // What was read after the connect holds for it as well.
    guard isProcOurs, known[tid].map({ $0.readAt < time }) ?? true else { return true }
    let now = MonotonicClock.now
    guard var task = Self.task(tid) else {
      known[tid] = nil
      return false
    }
    if isAllUnknown {
      task.netns = Self.netns(of: tid)
      // The status file escapes what is not printable.
      task.comm = ProcessFiles.comm(of: tid) ?? task.comm
    }
    if known.count >= Self.maximum { known.removeAll(keepingCapacity: true) }
    known[tid] = Entry(task: task, readAt: now)
    return true
  }

  /// Takes what a thread was at its end.
  func exited(_ event: TraceEvent) {
    if exited.count >= Self.maximum { exited.removeAll(keepingCapacity: true) }
    var task = Task(pid: event.pid)
    // An event of the tracepoint's knows the name alone.
    task.uid = event.pid == 0 ? nil : event.uid
    task.comm = event.comm
    task.cgroup = event.cgroup == 0 ? nil : event.cgroup
    exited[event.tid] = Entry(task: task, readAt: event.time)
  }

  /// What is known of a thread that was looked at. What exited before it connected was another one with its id.
  func task(_ tid: UInt32, connecting time: UInt64) -> Task {
    if let entry = known[tid] { return entry.task }
    var task = exited[tid].flatMap { $0.readAt < time ? nil : $0.task } ?? Task()
    if task.pid == 0 { task.pid = savedPID(of: tid) }
    return task
  }

  /// Forgets what may have changed by the next batch.
  func endBatch() {
    savedPIDs = nil
  }

  /// Reads `/proc/TID/status`.
  private static func task(_ tid: UInt32) -> Task? {
    ProcessFiles.text("/proc/\(tid)/status", limit: 4096).flatMap(task(in:))
  }

  /// The same of the text of such a file.
  static func task(in status: String) -> Task? {
    var task = Task()
    for line in status.utf8.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(whereSeparator: { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") })
      guard fields.count > 1 else { continue }
      if fields[0].elementsEqual("Tgid:".utf8) { task.pid = UInt32(Substring(fields[1])) ?? 0 }
      if fields[0].elementsEqual("Uid:".utf8) {
        task.uid = UInt32(Substring(fields[1]))
        break
      }
    }
    return task.pid == 0 ? nil : task
  }

  private static func netns(of tid: UInt32) -> UInt32? {
    ProcessFiles.link("/proc/\(tid)/ns/net").flatMap { UInt32($0.dropFirst("net:[".count).dropLast()) }
  }

  /// The process that the kernel remembers a thread to have been of; 0 if it does not.
  private func savedPID(of tid: UInt32) -> UInt32 {
    if let savedPIDs { return savedPIDs[tid] ?? 0 }
    var saved: [UInt32: UInt32] = [:]
    for line in (ProcessFiles.text(tracefs + "/saved_tgids", limit: 1 << 20) ?? "").split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let id = UInt32(parts[0]), let pid = UInt32(parts[1]) else { continue }
      saved[id] = pid
    }
    savedPIDs = saved
    return saved[tid] ?? 0
  }
}
