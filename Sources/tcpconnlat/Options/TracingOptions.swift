import ArgumentParser
import ConnectLatency
import Glibc

/// How records are collected.
struct TracingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which hooks: auto, \(Probe.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "probe"),
    transform: Parse.probe)
  var probe: Probe?

  @Option(
    help: ArgumentHelp(
      "Size of the kernel's buffer, and of what is kept while nobody reads the rows: 4M, 512K.",
      valueName: "size"),
    transform: Parse.bufferSize)
  var buffer: Int = 4 << 20

  @Option(
    help: ArgumentHelp(
      "How many connects may be open at once before the oldest is given up: 131072.", valueName: "number"),
    transform: Parse.maximumOpen)
  var maxOpen: Int = Pairer.defaultMaximumOpen

  @Option(
    help: ArgumentHelp(
      "How long to collect rows before they are printed: 20ms; 0 prints each at once.", valueName: "time"),
    transform: Parse.flush)
  var flush: Int32 = 20

  @Option(
    help: ArgumentHelp(
      "Where the host's file system is mounted, to read the names of containers from.", valueName: "dir"),
    transform: Parse.directory)
  var hostRoot: String = "/"

  @Option(
    help: ArgumentHelp("Go on as this user, once the hooks are attached.", valueName: "name|uid"),
    transform: Parse.user)
  var user: UnprivilegedUser?

  @Flag(help: "Mount tracefs for the probes tracefs and tracepoint, where it is not mounted.")
  var mountTracefs = false
}

extension TracingOptions {
  /// Gives up what is not needed from here on: all but `kept`.
  /// - Throws: `Failure` when a change of user is refused.
  func reducePrivilege(to kept: Capabilities) throws {
    guard let (refused, errno) = Privilege.reduce(to: kept, as: user) else { return }
    let reason = "cannot \(refused): \(String(cString: strerror(errno)))"
    throw Failure(
      user == nil ? reason : "\(reason): --user takes root, or CAP_SETUID and CAP_SETGID", .noPermission)
  }

  /// Attaches the probe that was asked for, or the first that works, and says which and why.
  func openSource(
    filter: KernelFilter, findsCgroups: Bool, limits: LimitOptions, stoppedBy stop: borrowing StopSignals,
    _ diagnostics: Diagnostics
  ) throws -> any ProbeSource {
    var options = LiveSource.Options()
    options.bufferSize = buffer
    options.flushMilliseconds = flush
    options.filter = filter
    options.findsCgroups = findsCgroups
    options.mountsTraceFS = mountTracefs
    // Standard output is never readable for us, but tells when its reader goes.
    options.stopDescriptors = [.readable(stop.descriptor), .disconnected(STDOUT_FILENO)]
    options.deadline = limits.duration.map { MonotonicClock.now + $0 }

    let (source, refusals) = try attach(options, diagnostics)
    diagnostics.say("tracing with \(source.probe.rawValue)")
    for refusal in refusals { diagnostics.say("not with \(refusal.probe.rawValue): \(refusal.reason)") }
    for blindSpot in source.blindSpots { diagnostics.say("not seen: \(blindSpot)") }
    diagnostics.details(source.details, of: source.probe)
    return source
  }

  /// The probe that was asked for, or the first that works and why those before it do not.
  private func attach(
    _ options: LiveSource.Options, _ diagnostics: Diagnostics
  ) throws -> (source: any ProbeSource, refusals: [ProbeError]) {
    do {
      let (source, refusals) =
        try probe.map { (try LiveSource.attach($0, options: options), []) }
        ?? LiveSource.firstWorking(options: options)
      for refusal in refusals { diagnostics.details(of: refusal) }
      return (source, refusals)
    } catch let error as ProbeError {
      diagnostics.details(of: error)
      throw error
    } catch let error as NoProbeWorks {
      for refusal in error.refusals { diagnostics.details(of: refusal) }
      throw error
    }
  }
}
