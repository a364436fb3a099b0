/// Makes records of events that come in the order of their time.
protocol TraceFSTranslator {
  /// Takes the next event.
  mutating func take(_ event: TraceEvent, _ emit: (Record) -> Void)
  /// Says that no event before `time` can come any more.
  mutating func settle(until time: UInt64, _ emit: (Record) -> Void)
  /// Whether a record waits for `settle`.
  var isUnsettled: Bool { get }
}

/// What the kernel's filters of events cannot tell apart.
struct StartFilter {
  let filter: KernelFilter
  let tasks: TraceFSTasks

  /// The start of a connect with what is known of its thread; nil when it is filtered out.
  func start(_ event: TraceEvent, time: UInt64, isV6Function: Bool) -> StartRecord? {
    if let isIPv4 = filter.isIPv4, isIPv4 != event.isIPv4 { return nil }
    guard wantsPort(event.dport) else { return nil }
    let task = tasks.task(event.tid, connecting: time)
    let netns = event.netns == 0 ? task.netns : event.netns
    guard wants(task.pid == 0 ? nil : task.pid, filter.pids), wants(task.uid, filter.uids),
      wants(netns, filter.netns)
    else { return nil }
    return StartRecord(
      time: time, sock: event.sock, tid: event.tid, pid: task.pid, uid: task.uid, netns: netns,
      cgroup: task.cgroup, comm: event.comm.isEmpty ? task.comm : event.comm,
      destination: event.destination, destinationPort: event.dport, isV6Function: isV6Function)
  }

  func wantsPort(_ port: UInt16) -> Bool {
    filter.ports.isEmpty || filter.ports.contains { $0.contains(port) }
  }

  /// What is not known is not what was asked for.
  private func wants(_ value: UInt32?, _ list: [UInt32]) -> Bool {
    list.isEmpty || (value.map { list.contains($0) } ?? false)
  }
}
