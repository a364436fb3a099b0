/// Records of the running kernel, whatever collects them.
public protocol ProbeSource: RecordSource {
  /// The hooks in use.
  var probe: Probe { get }
  /// What this kernel's hooks do not see, each with the reason.
  var blindSpots: [String] { get }
  /// What else the kernel said, a message each.
  var details: [String] { get }
  /// Is told every cgroup that is made, before the start of any connect in it, if the options say that somebody
  /// wants to know.
  var onCgroupMade: ((CgroupRecord) -> Void)? { get set }
  /// What it takes to go on and to end, now that the hooks are attached. All other capabilities can be given up.
  var capabilitiesToKeep: Capabilities { get }
  /// How often the kernel has left out a hook because it, or another one, was running on that CPU; nil when unknown.
  var skippedHooks: UInt64? { get }
}

extension LiveSource {
  /// Attaches one probe.
  /// - Throws: `ProbeError` with the reason and what to do about it.
  public static func attach(
    _ probe: Probe, options: Options = Options()
  ) throws(ProbeError) -> any ProbeSource {
    probe == .tracefs ? try TraceFSSource(options: options) : try LiveSource(probe: probe, options: options)
  }

  /// Attaches the first probe that works on this kernel.
  /// - Returns: the source, and why the probes before its own did not work.
  /// - Throws: `NoProbeWorks` when none does.
  public static func firstWorking(
    options: Options = Options()
  ) throws(NoProbeWorks) -> (source: any ProbeSource, refusals: [ProbeError]) {
    var refusals: [ProbeError] = []
    for probe in Probe.allCases {
      do throws(ProbeError) {
        return (try attach(probe, options: options), refusals)
      } catch {
        refusals.append(error)
      }
    }
    throw NoProbeWorks(refusals: refusals)
  }
}

/// Why none of the probes works on this machine.
public struct NoProbeWorks: Error {
  /// A reason for each probe.
  public let refusals: [ProbeError]

  public init(refusals: [ProbeError]) {
    self.refusals = refusals
  }
}
