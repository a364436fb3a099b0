import ArgumentParser
import ConnectLatency

/// `tcpconnlat doctor`: which probes work here.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say which probes work on this machine, and what stops the others.")

  @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Say on stderr all that libbpf says.")
  var isVerbose = false

  @Flag(help: "Mount tracefs, where it is not.")
  var mountTracefs = false

  func run() throws {
    var options = LiveSource.Options()
    options.mountsTraceFS = mountTracefs
    let diagnostics = Diagnostics(isVerbose: isVerbose)
    var refusals: [ProbeError] = []
    for probe in Probe.allCases {
      let line: String
      do throws(ProbeError) {
        let source = try LiveSource.attach(probe, options: options)
        let blindSpots = source.blindSpots.map { "; not seen: \($0)" }.joined()
        line = Self.line(probe, "works", probe.summary + blindSpots)
      } catch {
        refusals.append(error)
        diagnostics.details(of: error)
        line = Self.line(probe, "fails", "\(error.reason); \(error.advice)")
      }
      try StandardOutput.write(line)
      try StandardOutput.write("            needs  \(probe.neededCapabilities)")
    }
    if refusals.count == Probe.allCases.count { throw NoProbeWorks(refusals: refusals) }
  }

  private static func line(_ probe: Probe, _ verdict: String, _ text: String) -> String {
    let name = probe.rawValue + String(repeating: " ", count: max(0, 11 - probe.rawValue.count))
    return "\(name) \(verdict)  \(text.printable)"
  }
}
