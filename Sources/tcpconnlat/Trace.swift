import ArgumentParser
import ConnectLatency

/// `tcpconnlat [MIN_MS] [options]`: traces until it is told to stop.
struct Trace: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trace every TCP connect: who connected where, how long it took and how it ended.",
    usage: """
      tcpconnlat [<min_ms>] [options]
      tcpconnlat replay <file> [options]
      tcpconnlat doctor
      """,
    discussion: examples)

  @OptionGroup(title: "Which connects") var filters: FilterOptions
  @OptionGroup(title: "What is printed") var output: OutputOptions
  @OptionGroup(title: "When to end") var limits: LimitOptions
  @OptionGroup(title: "How to trace") var tracing: TracingOptions

  func run() throws {
    let diagnostics = Diagnostics(isVerbose: output.isVerbose)
    let stop = try StopSignals()
    let recorder = try output.makeRecorder()
    let source = try tracing.openSource(
      filter: filters.kernelFilter,
      findsCgroups: output.cgroup || output.record != nil || !filters.inCgroup.isEmpty, limits: limits,
      stoppedBy: stop, diagnostics)
    try tracing.reducePrivilege(to: source.capabilitiesToKeep)
    let session = try Session(
      filters: filters, output: output, limits: limits,
      subject: .system(source.probe, root: tracing.hostRoot), recorder: recorder)
    try session.run(source, maximumOpen: tracing.maxOpen, diagnostics)
  }
}

extension Trace {
  static let examples = """
    EXAMPLES:
      tcpconnlat                      all connects, until Ctrl-C
      tcpconnlat 10                   those that took 10 ms or longer
      tcpconnlat -p 181               those of process 181
      tcpconnlat --outcome refused,timeout,unreachable,failed
                                      those that did not work
      tcpconnlat -P 443,8000-8999 --daddr 10.0.0.0/8
                                      to these ports, in this network
      tcpconnlat --cgroup             with the cgroup they come from
      tcpconnlat --json | jq .        as JSON, one object a line
      tcpconnlat --record x --duration 1m; tcpconnlat replay x --stats
                                      now, and looked at later
      tcpconnlat doctor               what works on this machine
    """
}
