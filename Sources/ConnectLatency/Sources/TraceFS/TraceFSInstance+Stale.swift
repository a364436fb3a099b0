import CTraceFS
import Glibc

extension TraceFSInstance {
  /// Removes instances and events whose process is gone. One that is in use, by a process that only seems to be gone
  /// because its pid namespace is not ours, refuses to go.
  static func removeStale() {
    var names: [String] = []
    if let list = tracefs_instances("^\(prefix)") {
      var index = 0
      while let name = list[index] {
        names.append(String(cString: name))
        index += 1
      }
      tracefs_list_free(list)
    }
    var inUse: Set<String> = []
    for name in names {
      guard isDead(name.dropFirst(prefix.count)), !ours.withLock({ $0.contains(name) }) else {
        inUse.insert(group(of: name))
        continue
      }
      guard let instance = tracefs_instance_create(name) else { continue }
      if tracefs_instance_destroy(instance) != 0 { inUse.insert(group(of: name)) }
      tracefs_instance_free(instance)
    }
    removeStaleEvents(except: inUse)
  }

  private static func removeStaleEvents(except inUse: Set<String>) {
    let kinds =
      TRACEFS_DYNEVENT_KPROBE.rawValue | TRACEFS_DYNEVENT_KRETPROBE.rawValue
      | TRACEFS_DYNEVENT_EPROBE.rawValue
    guard let events = tracefs_dynevent_get_all(kinds, nil) else { return }
    defer { tracefs_dynevent_list_free(events) }
    var index = 0
    while let event = events[index] {
      index += 1
      var system: UnsafeMutablePointer<CChar>?
      tracefs_dynevent_info(event, &system, nil, nil, nil, nil)
      guard let system else { continue }
      let group = String(cString: system)
      free(system)
      let prefix = Self.group(of: prefix)
      if group.hasPrefix(prefix), !inUse.contains(group), isDead(group.dropFirst(prefix.count)) {
        tracefs_dynevent_destroy(event, true)
      }
    }
  }

  /// Whether what follows the prefix names a process that is gone. What has our own number and is not ours is an earlier
  /// process's.
  private static func isDead(_ rest: Substring) -> Bool {
    guard let pid = pid_t(rest.prefix { $0.isNumber }), pid > 0 else { return false }
    return pid == getpid() || (kill(pid, 0) != 0 && Glibc.errno == ESRCH)
  }
}
