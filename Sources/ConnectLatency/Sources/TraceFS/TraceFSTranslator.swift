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

/// Of kprobe events: what the BPF programs do in the kernel.
struct KprobeTranslator: TraceFSTranslator {
  let starts: StartFilter
  var isUnsettled: Bool { false }
  /// The connect call that a thread is in, from the call's entry to its return.
  private var calls: [UInt32: TraceEvent] = [:]

  init(_ starts: StartFilter) {
    self.starts = starts
  }

  mutating func take(_ event: TraceEvent, _ emit: (Record) -> Void) {
    switch event.kind {
    case .connectV4, .connectV6:
      let isV6Function = event.kind == .connectV6
      guard let start = starts.start(event, time: event.time, isV6Function: isV6Function) else {
        calls[event.tid] = nil
        return
      }
      calls[event.tid] = event
      emit(.start(start))
    case .connectReturned:
      guard var call = calls.removeValue(forKey: event.tid), event.result < 0 else { return }
      call.time = event.time
      emit(call.end(.failed, error: UInt16(clamping: event.result.magnitude), retransmits: 0, tid: event.tid))
    case .finished: end(.response, event, emit)
    case .reset: end(.reset, event, emit)
    case .stateSet where event.newState == TraceEvent.synReceived: end(.response, event, emit)
    case .stateSet:
      // The connect call itself gives up: its return says why.
      guard event.result != 0 || calls[event.tid].map({ $0.sock != event.sock }) ?? true else { return }
      end(.close, event, emit)
    default: break
    }
  }

  mutating func settle(until time: UInt64, _ emit: (Record) -> Void) {
    // Returns can get lost; threads that died in their call never return.
    if calls.count > 65536 { calls.removeAll() }
  }

  private func end(_ kind: EndRecord.Kind, _ event: TraceEvent, _ emit: (Record) -> Void) {
    guard starts.wantsPort(event.dport) else { return }
    emit(event.end(kind, error: UInt16(clamping: event.result), retransmits: event.retransmits))
  }
}
