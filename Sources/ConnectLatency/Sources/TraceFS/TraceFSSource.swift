import Glibc

/// Records of the running kernel without any BPF: from the events of a tracefs instance of its own.
public final class TraceFSSource: ProbeSource {
  /// Events that are younger than this when the buffers are read wait for the next time: one from another CPU may have
  /// an earlier time and not be written yet. An event is written with preemption off, in microseconds; this is for
  /// CPUs that a hypervisor stops.
  private static let reorderingWindow: UInt64 = 5_000_000

  public var probe: Probe { .tracefs }
  public private(set) var blindSpots: [String] = []
  /// What the kernel said of events that it refused.
  public private(set) var details: [String] = []
  public var onCgroupMade: ((CgroupRecord) -> Void)?
  /// Of kprobes; tracepoints' events are not skipped.
  public var skippedHooks: UInt64? { hasKprobes ? instance.missedCount : 0 }
  /// Events and instance are removed at the end, and only who is root owns them. Whose a process is, is in files that
  /// others may not read.
  public let capabilitiesToKeep: Capabilities

  private let hasKprobes: Bool
  private let instance: TraceFSInstance
  private let buffers: TraceFSBuffers
  private let tasks: TraceFSTasks
  private var translator: any TraceFSTranslator
  private let wait: DescriptorWait
  private let flushMilliseconds: Int32
  private var pending: [TraceEvent] = []
  private var records: [Record] = []
  private var lost: UInt64 = 0
  private var clockOffset: Int64?
  private var isStopped = false
  private var isFinished = false

  /// Makes the instance and its events, and begins to record.
  /// - Throws: `ProbeError` with the reason and what to do about it.
  public init(options: LiveSource.Options = LiveSource.Options()) throws(ProbeError) {
    let directory = try TraceFSRequirements.check(mounts: options.mountsTraceFS)
    wait = DescriptorWait(stops: options.stopDescriptors, deadline: options.deadline)
    flushMilliseconds = options.flushMilliseconds
    do throws(TraceFSError) {
      instance = try TraceFSInstance(bufferSize: options.bufferSize)
      if !options.filter.pids.isEmpty, TraceFSTasks.isProcOurs {
        try instance.follow(options.filter.pids, bufferSize: options.bufferSize)
      }
      let plan = try TraceFSPlan(instance, filter: options.filter)
      blindSpots = plan.blindSpots
      details = plan.messages
      hasKprobes = plan.ends != nil
      tasks = TraceFSTasks(isAllUnknown: !hasKprobes, tracefs: directory)
      let starts = StartFilter(filter: options.filter, tasks: tasks)
      translator =
        plan.ends.map { ProbeTranslator(starts, ends: $0) }
        ?? StaticTranslator(starts, seesRetransmits: plan.kinds.contains(.retransmit))
      // A kprobe event tells the process of a thread that exits; the tracepoint's does not.
      if !hasKprobes || !plan.kinds.contains(.taskExit) || !TraceFSTasks.isProcOurs {
        instance.rememberProcesses()
      }
      capabilitiesToKeep = [
        .dacOverride, hasKprobes ? [] : .sysPtrace, options.findsCgroups ? .dacReadSearch : [],
      ]
      buffers = try TraceFSBuffers(instance, formats: plan.formats)
      try instance.setRecording(true)
    } catch {
      throw TraceFSRequirements.explain(error)
    }
  }

  /// Waits for events, then a little longer for more of them, and hands over what they say.
  public func nextBatch(_ body: (Record) throws(SinkError) -> Void) throws -> Bool {
    guard !isFinished else { return false }
    if isStopped || !waitForEvents() {
      try? instance.setRecording(false)
      isFinished = true
    }
    let now = MonotonicClock.now
    drain()
    if isFinished { buffers.countLost() }
    if let offset = ClockOffset.changed(since: clockOffset) {
      clockOffset = offset
      try body(.clock(offset: offset))
    }
    translate(until: isFinished ? .max : now - min(now, Self.reorderingWindow))
    defer { records.removeAll(keepingCapacity: true) }
    for record in records { try body(record) }
    try tellLosses(body)
    return !isFinished
  }

  public func stop() -> Bool {
    isStopped = true
    return !isFinished
  }
}

extension TraceFSSource {
  /// - Returns: false when it is time to end.
  private func waitForEvents() -> Bool {
    if pending.isEmpty && !translator.isUnsettled {
      guard wait.wait(for: buffers.descriptors) != .stop else { return false }
      // Whoever connects may be gone soon.
      drain()
    }
    let window = Int32(Self.reorderingWindow / 1_000_000)
    return wait.wait(timeout: max(flushMilliseconds, window)) != .stop
  }

  private func drain() {
    // The exit of a thread that is gone was recorded before it went, maybe in a buffer that was read too early.
    if !readBuffers() { _ = readBuffers() }
  }

  /// - Returns: whether everybody who connected is still there.
  private func readBuffers() -> Bool {
    var areThere = true
    buffers.drain { event in
      switch event.kind {
      case .connectV4, .connectV6: areThere = tasks.look(at: event.tid, connecting: event.time) && areThere
      case .stateChanged where event.newState == TraceEvent.synSent:
        areThere = tasks.look(at: event.tid, connecting: event.time) && areThere
      case .taskExit: return tasks.exited(event)
      default: break
      }
      pending.append(event)
    }
    return areThere
  }

  /// Makes records of the events up to a time, in order.
  private func translate(until time: UInt64) {
    // Each CPU's events are in order already; the sort merges these runs.
    pending.sort { $0.time < $1.time }
    let end = pending.firstIndex { $0.time > time } ?? pending.count
    for event in pending[..<end] { translator.take(event) { records.append($0) } }
    pending.removeFirst(end)
    translator.settle(until: time) { records.append($0) }
    tasks.endBatch()
  }

  /// Of what kind they were is not known.
  private func tellLosses(_ body: (Record) throws(SinkError) -> Void) throws(SinkError) {
    let now = buffers.lost
    guard now != lost else { return }
    lost = now
    try body(.lost(Losses(ends: now)))
  }
}

/// Which events are read: those of kprobes where the kernel has kprobes and describes its types, else the tracepoints'.
private struct TraceFSPlan {
  let formats: TraceFSFormats
  private(set) var kinds: Set<TraceEvent.Kind> = []
  private(set) var blindSpots: [String] = []
  /// What shows ends; nil where there are no kprobes.
  private(set) var ends: TraceFSHook.Ends?
  /// What the kernel said where it refused kprobe events.
  private(set) var messages: [String] = []

  init(_ instance: TraceFSInstance, filter: KernelFilter) throws(TraceFSError) {
    formats = try TraceFSFormats()
    var refusal = "this kernel describes no types"
    let types = KernelTypes()
    for ends in [TraceFSHook.Ends.eventProbes, .kprobes] {
      guard let types,
        let hooks = TraceFSHook.probeHooks(group: instance.group, types: types, filter: filter, ends: ends)
      else { break }
      do throws(TraceFSError) {
        try enable(hooks, instance)
        self.ends = ends
        return
      } catch {
        refusal = error.reason
        messages = error.messages
        instance.removeEvents()
      }
      kinds = []
      blindSpots = []
    }
    blindSpots = ["connects that fail before a SYN is sent (no kprobe events: \(refusal))"]
    do throws(TraceFSError) {
      let areCallersApart = instance.callers != nil
      try enable(TraceFSHook.staticHooks(filter: filter, areCallersApart: areCallersApart), instance)
    } catch {
      var error = error
      error.missing?.instead = refusal
      throw error
    }
  }

  private mutating func enable(_ hooks: [TraceFSHook], _ instance: TraceFSInstance) throws(TraceFSError) {
    for hook in hooks {
      do throws(TraceFSError) {
        try instance.create(hook)
        try formats.add(hook)
        try instance.enable(hook)
        kinds.insert(hook.kind)
      } catch {
        guard let without = hook.without else { throw error }
        let spot = "\(without) (\(error.reason))"
        if !blindSpots.contains(where: { $0.hasPrefix(without) }) { blindSpots.append(spot) }
      }
    }
  }
}
