import CTraceFS
import Glibc
import Synchronization

/// What tracefs refused.
struct TraceFSError: Error {
  let doing: String
  let errno: CInt
  /// What the kernel said besides.
  let messages: [String]
  /// The event that the kernel does not have, and why it has to be that one.
  var missing: (event: String, instead: String)?

  init(_ doing: String, errno: CInt, messages: [String] = []) {
    self.doing = doing
    self.errno = errno
    self.messages = messages
  }

  var reason: String { "cannot \(doing): \(String(cString: strerror(errno)))" }
}

/// A tracefs instance of our own, and the events that we made: gone with this object. Other tracers share neither its
/// buffers nor its settings.
final class TraceFSInstance {
  /// Names of ours begin so; the process that made them follows.
  static let prefix = "tcpconnlat-"
  /// How many calls may be in a function at once before returns go unseen.
  private static let maximumCalls = 256
  /// The names of those that this process uses.
  static let ours = Mutex<Set<String>>([])

  /// Events of our own have this for a system.
  let group: String
  private let name: String
  private let instance: OpaquePointer
  private var probes: [OpaquePointer] = []
  private var enabled: [TraceFSHook] = []
  private var isRemoved = false
  /// Records what threads of the wanted processes do in calls of their own. Answers to them come to any thread, so that
  /// this takes an instance of its own; nil when all processes are wanted.
  private(set) var callers: TraceFSInstance?

  /// Clears away what dead runs have left, and makes an instance that records nothing yet.
  /// - Throws: `TraceFSError` when there can be none.
  init(bufferSize: Int) throws(TraceFSError) {
    tracefs_set_loglevel(TEP_LOG_NONE)
    Self.removeStale()
    var name = "\(Self.prefix)\(getpid())"
    // Another one of this process has that name, or somebody with our process id in another pid namespace.
    for number in 1..<100 where tracefs_instance_exists(name) { name = "\(Self.prefix)\(getpid())-\(number)" }
    guard let instance = tracefs_instance_create(name) else {
      throw TraceFSError("make a tracefs instance", errno: Glibc.errno)
    }
    self.instance = instance
    self.name = name
    group = Self.group(of: name)
    Self.ours.withLock { [name] in _ = $0.insert(name) }
    do {
      try write("tracing_on", "0")
      // What bpf_ktime_get_ns() reads.
      try write("trace_clock", "mono")
      let perCPU = max(bufferSize / 1024 / max(cpuCount, 1), 64)
      try write("buffer_size_kb", "\(perCPU)")
    } catch {
      remove()
      throw error
    }
    // A reader is woken by the first event. Kernels before 5.0 know nothing else.
    try? write("buffer_percent", "0")
  }

  deinit { remove() }

  /// From here on, has the kernel record calls of these processes alone, with those of threads that they start later.
  func follow(_ processes: [UInt32], bufferSize: Int) throws(TraceFSError) {
    let callers = try TraceFSInstance(bufferSize: bufferSize)
    try callers.write("options/event-fork", "1")
    var known: Set<String> = []
    while true {
      // The children of those who are followed are followed; a look that finds nobody new has found all.
      let found = processes.flatMap { ProcessFiles.names(in: "/proc/\($0)/task") }
      let new = found.filter { known.insert($0).inserted }
      if new.isEmpty { break }
      for thread in new where tracefs_instance_file_append(callers.instance, "set_event_pid", thread) < 0 {
        throw TraceFSError("follow process \(thread)", errno: Glibc.errno)
      }
    }
    self.callers = callers
  }

  /// Makes the event, if it is one of our own.
  func create(_ hook: TraceFSHook) throws(TraceFSError) {
    guard let probe = hook.probe else { return }
    switch probe.place {
    case .entry(let function):
      try create(tracefs_kprobe_alloc(hook.system, hook.event, function, probe.fields), on: function, probe)
    case .exit(let function):
      // The kernel's own choice of how many calls may be in the function at once may be as few as there are CPUs.
      // libtracefs before 1.7 writes another one in a way that no kernel reads.
      let line = "r\(Self.maximumCalls):\(hook.system)/\(hook.event) \(function) \(probe.fields)"
      guard tracefs_instance_file_append(nil, "kprobe_events", line) >= 0 else {
        throw TraceFSError(
          "make an event on \(function)", errno: Glibc.errno, messages: [line] + Self.lastWords())
      }
      if let event = tracefs_dynevent_get(TRACEFS_DYNEVENT_KRETPROBE, hook.system, hook.event) {
        probes.append(event)
      }
    case .event(let system, let name, let condition):
      func event(_ fields: String) -> OpaquePointer? {
        tracefs_eprobe_alloc(hook.system, hook.event, system, name, fields)
      }
      // Before Linux 6.0 there are no conditions, and the filter does it.
      if !condition.isEmpty, (try? create(event(probe.fields + " if " + condition), on: name, probe)) != nil {
        return
      }
      try create(event(probe.fields), on: name, probe)
    }
  }

  private func create(
    _ event: OpaquePointer?, on place: String, _ probe: TraceFSHook.Probe
  ) throws(TraceFSError) {
    guard let event else { throw TraceFSError("make an event on \(place)", errno: Glibc.errno) }
    guard tracefs_dynevent_create(event) == 0 else {
      let number = Glibc.errno
      tracefs_dynevent_free(event)
      throw TraceFSError(
        "make an event on \(place)", errno: number, messages: [probe.fields] + Self.lastWords())
    }
    probes.append(event)
  }

  /// Has the kernel record an event.
  func enable(_ hook: TraceFSHook) throws(TraceFSError) {
    if hook.isOfCaller, let callers { return try callers.enable(hook) }
    let name = "\(hook.system):\(hook.event)"
    if let filter = hook.filter {
      let filters = [hook.filterIfKnown.map { filter + $0 }, filter].compactMap { $0 }
      let isFiltered = filters.contains {
        tracefs_event_file_write(instance, hook.system, hook.event, "filter", $0) >= 0
      }
      if !isFiltered { throw TraceFSError("filter \(name)", errno: Glibc.errno) }
    }
    guard tracefs_event_enable(instance, hook.system, hook.event) == 0 else {
      throw TraceFSError("enable \(name)", errno: Glibc.errno)
    }
    enabled.append(hook)
  }

  /// Takes back every event that was made or enabled.
  func removeEvents() {
    callers?.removeEvents()
    for hook in enabled.reversed() { tracefs_event_disable(instance, hook.system, hook.event) }
    enabled = []
    for event in probes.reversed() {
      // By force, events are looked for in the instances of others as well.
      if tracefs_dynevent_destroy(event, false) != 0 { tracefs_dynevent_destroy(event, true) }
      tracefs_dynevent_free(event)
    }
    probes = []
  }

  /// Begins, or ends, to record.
  func setRecording(_ isOn: Bool) throws(TraceFSError) {
    try callers?.setRecording(isOn)
    try write("tracing_on", isOn ? "1" : "0")
  }

  /// Has the kernel remember which process a thread belongs to.
  func rememberProcesses() {
    try? write("options/record-tgid", "1")
  }

  /// Opens the buffer of a CPU for reading without waiting.
  /// - Returns: a descriptor, which the caller closes.
  func openBuffer(cpu: Int) throws(TraceFSError) -> CInt {
    let descriptor = tracefs_instance_file_open(
      instance, "per_cpu/cpu\(cpu)/trace_pipe_raw", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw TraceFSError("read the buffer of CPU \(cpu)", errno: Glibc.errno) }
    return descriptor
  }

  /// How many events a CPU's buffer had no room for.
  func lostCount(cpu: Int) -> UInt64 {
    guard let text = read("per_cpu/cpu\(cpu)/stats") else { return 0 }
    return text.split(separator: "\n").reduce(0) { sum, line in
      let parts = line.split(separator: ":")
      guard parts.count == 2, ["overrun", "commit overrun", "dropped events"].contains(parts[0])
      else { return sum }
      return sum + (UInt64(parts[1].drop { $0 == " " }) ?? 0)
    }
  }

  /// How often our kprobes were hit and not run; nil when unknown.
  var missedCount: UInt64? {
    guard let text = tracefs_instance_file_read(nil, "kprobe_profile", nil) else { return nil }
    defer { free(text) }
    var count: UInt64 = 0
    for line in String(cString: text).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 3, words[0].hasPrefix(group + "_") { count += UInt64(words[2]) ?? 0 }
    }
    return count
  }

  /// How many CPUs there can be.
  var cpuCount: Int {
    var count = 0
    while tracefs_file_exists(instance, "per_cpu/cpu\(count)/trace_pipe_raw") { count += 1 }
    return count
  }

  private func read(_ file: String) -> String? {
    guard let text = tracefs_instance_file_read(instance, file, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }

  private func write(_ file: String, _ text: String) throws(TraceFSError) {
    if tracefs_instance_file_write(instance, file, text) < 0 {
      throw TraceFSError("write \(text) to \(file)", errno: Glibc.errno)
    }
  }

  /// Takes everything away; whoever reads the buffers has closed them.
  private func remove() {
    guard !isRemoved else { return }
    isRemoved = true
    removeEvents()
    // Another tracer that removes events looks into every instance, which is busy for that moment.
    for _ in 0..<200 where tracefs_instance_destroy(instance) != 0 && Glibc.errno == EBUSY { usleep(10_000) }
    tracefs_instance_free(instance)
    Self.ours.withLock { [name] in _ = $0.remove(name) }
  }
}

extension TraceFSInstance {
  /// What the kernel complained of last, with the place marked.
  private static func lastWords() -> [String] {
    guard let text = tracefs_error_last(nil) else { return [] }
    defer { free(text) }
    return [String(cString: text)]
  }

  static func group(of name: String) -> String {
    String(name.map { $0 == "-" ? "_" : $0 })
  }
}
