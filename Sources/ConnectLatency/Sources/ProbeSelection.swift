extension LiveSource {
  /// Attaches the first probe that works on this kernel.
  /// - Returns: the source, and why the probes before its own did not work.
  /// - Throws: `NoProbeWorks` when none does.
  public static func firstWorking(
    options: Options = Options()
  ) throws(NoProbeWorks) -> (source: LiveSource, refusals: [ProbeError]) {
    var refusals: [ProbeError] = []
    for probe in Probe.allCases {
      do throws(ProbeError) {
        return (try LiveSource(probe: probe, options: options), refusals)
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
