import CConnectRecord
import Glibc

/// Records of the running kernel.
public final class LiveSource: ProbeSource {
  /// How records are collected.
  public struct Options: Sendable {
    /// Size of the ring buffer in bytes, a power of two and a multiple of the page size.
    public var bufferSize = 8 << 20
    /// How long to wait after a wake-up for more records, in milliseconds. The kernel wakes a reader that has caught
    /// up, so this is how many wake-ups there can be however many records there are.
    public var flushMilliseconds: Int32 = 20
    /// What the hooks leave out.
    public var filter = KernelFilter()
    /// Whether somebody wants to know the cgroups, which takes the hooks a little more on machines with cgroup v1.
    public var findsCgroups = false
    /// What ends tracing.
    public var stopDescriptors: [StopDescriptor] = []
    /// When to end, CLOCK_MONOTONIC in nanoseconds; nil for never.
    public var deadline: UInt64?
    /// Whether to mount tracefs for the probes `tracefs` and `tracepoint`, where it is not mounted.
    public var mountsTraceFS = false

    public init() {}

    var settings: settings {
      var settings = filter.settings
      if findsCgroups {
        let version1 = CgroupMounts(root: "/").version1
        settings.cgroup_controller = version1?.controller.rawValue ?? 0
        settings.cgroup_hierarchy = version1?.hierarchy ?? 0
        settings.own_pids = 1
      }
      return settings
    }
  }

  /// A descriptor that ends tracing. It is watched, not read.
  public enum StopDescriptor: Sendable {
    /// When it becomes readable.
    case readable(CInt)
    /// When nobody reads its other end any more.
    case disconnected(CInt)
  }

  /// The hooks in use.
  public let probe: Probe
  /// What this kernel's hooks do not see, each with the reason.
  public private(set) var blindSpots: [String] = []
  public var details: [String] { [] }
  public var onCgroupMade: ((CgroupRecord) -> Void)?
  public var capabilitiesToKeep: Capabilities { options.findsCgroups ? .dacReadSearch : [] }
  public var skippedHooks: UInt64? { object.recursionMisses }

  private let options: Options
  private let object: BPFObject
  private let ring: RingBuffer
  private let lossCounter: LossCounter
  private var losses = Losses()
  private var clockOffset: Int64?
  private var isStopped = false
  private var isFinished = false

  /// Loads and attaches the hooks.
  /// - Throws: `ProbeError` with the reason and what to do about it.
  public init(probe: Probe, options: Options = Options()) throws(ProbeError) {
    self.probe = probe
    self.options = options
    try ProbeRequirements.check(probe)
    // The entry and exit of connect(2) are found there.
    if probe == .tracepoint, options.mountsTraceFS { _ = try? TraceFSRequirements.check(mounts: true) }
    do throws(BPFError) {
      object = try Self.loadedObject(for: probe, options: options)
      ring = try RingBuffer(map: object.descriptor(of: "records"), size: options.bufferSize)
      lossCounter = LossCounter(map: object.descriptor(of: ".data.lost"))
      for program in Self.programs(of: probe, options) { try object.attach(program) }
    } catch {
      throw ProbeRequirements.explain(error, of: probe)
    }
    attachOptionalPrograms()
  }

  /// Waits for records, then a little longer for more of them, and hands them over.
  public func nextBatch(_ body: (Record) throws(SinkError) -> Void) throws -> Bool {
    guard !isFinished else { return false }
    if isStopped || wait() == .stop {
      object.detach()
      isStopped = true
    }
    if let offset = ClockOffset.changed(since: clockOffset) {
      clockOffset = offset
      try body(.clock(offset: offset))
    }
    try ring.consume(onCgroup: onCgroupMade, body)
    let now = lossCounter.value
    if now != losses {
      losses = now
      try body(.lost(now))
    }
    isFinished = isStopped
    return !isFinished
  }

  public func stop() -> Bool {
    isStopped = true
    return !isFinished
  }
}

extension LiveSource {
  private enum WakeUp {
    case records, stop
  }

  /// Programs that fail to load take the whole object with them, so the optional ones are tried and left out.
  private static func loadedObject(for probe: Probe, options: Options) throws(BPFError) -> BPFObject {
    func load(_ programs: [String]) throws(BPFError) -> BPFObject {
      let object = try BPFObject(
        programs: programs, settings: options.settings, bufferSize: options.bufferSize)
      try object.load()
      return object
    }
    let optional = probe.optionalPrograms.map(\.programs)
    var programs = programs(of: probe, options)
    if let object = try? load(programs + optional.joined()) { return object }
    var object = try load(programs)
    for group in optional {
      guard let larger = try? load(programs + group) else { continue }
      object = larger
      programs += group
    }
    return object
  }

  private static func programs(of probe: Probe, _ options: Options) -> [String] {
    probe.programs + probe.secondPrograms + (options.findsCgroups ? probe.cgroupPrograms : [])
  }

  private func attachOptionalPrograms() {
    for optional in probe.optionalPrograms {
      do throws(BPFError) {
        for program in optional.programs { try object.attach(program) }
      } catch {
        let reason = ProbeRequirements.explain(optional: error, of: probe)
        blindSpots.append("\(optional.without) (\(reason))")
      }
    }
  }

  private func wait() -> WakeUp {
    let waiting = DescriptorWait(stops: options.stopDescriptors, deadline: options.deadline)
    guard waiting.wait(for: [ring.descriptor], timeout: -1) else { return .stop }
    // The wake-up came with the first record; the others of its batch are on their way.
    if options.flushMilliseconds > 0, !waiting.wait(for: [], timeout: options.flushMilliseconds) {
      return .stop
    }
    return .records
  }
}
