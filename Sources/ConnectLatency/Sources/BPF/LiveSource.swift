import CConnectRecord
import Glibc

/// Records of the running kernel.
public final class LiveSource: ProbeSource {
  /// How records are collected.
  public struct Options: Sendable {
    /// Size of the ring buffer in bytes, a power of two and a multiple of the page size. As much again is kept in user
    /// space while the reader of the rows does not read.
    public var bufferSize = 4 << 20
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
  private let backlog: RecordBacklog
  private let lossCounter: LossCounter
  private var losses = Losses()
  private var clockOffset: Int64?
  /// Whether the last batch has left records.
  private var hasMore = false
  private var isStopped = false
  private var isFinished = false

  /// A batch is no longer than this, so that its rows are few when their reader does not read.
  private static let batchSize = 1024

  /// Loads and attaches the hooks.
  /// - Throws: `ProbeError` with the reason and what to do about it.
  public init(probe: Probe, options: Options = Options()) throws(ProbeError) {
    self.probe = probe
    self.options = options
    backlog = RecordBacklog(capacity: options.bufferSize)
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

  /// Waits for records, then a little longer for more of them, and hands over a number of them.
  public func nextBatch(_ body: (Record) throws(SinkError) -> Void) throws -> Bool {
    guard !isFinished else { return false }
    if isStopped || (backlog.isEmpty && wait() == .stop) { stopTracing() }
    if let offset = ClockOffset.changed(since: clockOffset) {
      clockOffset = offset
      try body(.clock(offset: offset))
    }
    if backlog.isEmpty {
      hasMore = try ring.consume(atMost: Self.batchSize, onCgroup: onCgroupMade, body)
    } else {
      try backlog.take(atMost: Self.batchSize, onCgroup: onCgroupMade, body)
      hasMore = true
    }
    if let now = newLosses() { try body(.lost(now)) }
    isFinished = isStopped && !hasMore
    return !isFinished
  }

  /// Waits until somebody reads `descriptor` again, and meanwhile keeps the kernel's buffer from filling up.
  public func waitForReader(of descriptor: CInt, onLoss: (Losses) -> Void) {
    while true {
      let collects = !isStopped && !ring.isBusy && backlog.room > 0
      // Where nothing is collected, records are lost without a wake-up.
      switch waiting.wait(
        for: collects ? [ring.descriptor] : [], writable: descriptor,
        timeout: collects || isStopped ? -1 : 1000)
      {
      case .writable: return
      case .stop: stopTracing()
      case .timeout: break
      case .readable:
        if waiting.wait(writable: descriptor, timeout: options.flushMilliseconds) == .writable { return }
        ring.move(to: backlog)
      }
      if let now = newLosses() { onLoss(now) }
    }
  }

  public func stop() -> Bool {
    isStopped = true
    return !isFinished
  }
}

extension LiveSource {
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

  /// What may end the trace, until something has.
  private var waiting: DescriptorWait {
    isStopped
      ? DescriptorWait(stops: [], deadline: nil)
      : DescriptorWait(stops: options.stopDescriptors, deadline: options.deadline)
  }

  private func wait() -> DescriptorWait.Event {
    // There may be records for ever: that is no reason not to look whether it is time to end.
    let event = waiting.wait(for: [ring.descriptor], timeout: hasMore ? 0 : -1)
    guard event == .readable, !hasMore, options.flushMilliseconds > 0 else { return event }
    // The wake-up came with the first record; the others of its batch are on their way.
    return waiting.wait(timeout: options.flushMilliseconds)
  }

  private func stopTracing() {
    object.detach()
    isStopped = true
  }

  /// What has been lost until now, if that is more than was said before.
  private func newLosses() -> Losses? {
    let now = lossCounter.value
    guard now != losses else { return nil }
    losses = now
    return now
  }
}
