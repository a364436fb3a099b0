import ArgumentParser
import ConnectLatency

/// Which connects are shown. Options narrow down together; the values of one option are alternatives.
struct FilterOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp("Only connects that took this many milliseconds or longer.", valueName: "min_ms"),
    transform: Parse.milliseconds)
  var minimumLatency: UInt64?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Only these processes.", valueName: "pid[,pid]"),
    transform: Parse.pids)
  var pid: [[UInt32]] = []

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Only processes of these names; * stands for any text.", valueName: "name[,name]"),
    transform: Parse.comms)
  var comm: [[CommPattern]] = []

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Only these users, by name or number.", valueName: "uid[,uid]"),
    transform: Parse.uids)
  var uid: [[UInt32]] = []

  @Flag(name: [.customShort("4"), .customLong("ipv4")], help: "Only IPv4.")
  var isIPv4 = false

  @Flag(name: [.customShort("6"), .customLong("ipv6")], help: "Only IPv6.")
  var isIPv6 = false

  @Option(
    name: [.customShort("P"), .long],
    help: ArgumentHelp("Only these destination ports and ranges of ports.", valueName: "port[,port-port]"),
    transform: Parse.ports)
  var port: [[ClosedRange<UInt16>]] = []

  @Option(
    help: ArgumentHelp("Only to these addresses.", valueName: "cidr[,cidr]"), transform: Parse.addressBlocks)
  var daddr: [[AddressBlock]] = []

  @Option(
    help: ArgumentHelp("Only from these addresses.", valueName: "cidr[,cidr]"), transform: Parse.addressBlocks
  )
  var saddr: [[AddressBlock]] = []

  @Option(
    help: ArgumentHelp(
      "Only connects that ended so: \(Parse.outcomeNames).", valueName: "outcome[,outcome]"),
    transform: Parse.outcomes)
  var outcome: [[Outcome]] = []

  @Option(
    help: ArgumentHelp(
      "Only in this network namespace: its inode, its file, or a process in it.", valueName: "inode|path|pid"),
    transform: Parse.netns)
  var netns: [UInt32] = []

  @Option(
    name: .customLong("in-cgroup"),
    help: ArgumentHelp(
      "Only of this container (name, id, pod, namespace), systemd unit or cgroup; * stands for any text.",
      valueName: "pattern"))
  var inCgroup: [String] = []

  mutating func validate() throws {
    if isIPv4 && isIPv6 {
      throw ValidationError("-4 and -6 exclude each other: give one of them, or neither for both")
    }
  }
}

extension FilterOptions {
  /// What the kernel can leave out already.
  var kernelFilter: KernelFilter {
    var filter = KernelFilter()
    filter.pids = pid.flatMap(\.self)
    filter.uids = uid.flatMap(\.self)
    filter.netns = netns
    filter.ports = port.flatMap(\.self)
    filter.isIPv4 = isIPv4 ? true : isIPv6 ? false : nil
    return filter
  }

  /// The stages that need nothing but the connection.
  var stages: [Filter] {
    var stages: [Filter] = []
    if let minimumLatency { stages.append(.latency(atLeast: minimumLatency)) }
    if !outcome.isEmpty { stages.append(.outcome(Set(outcome.flatMap(\.self)))) }
    if !port.isEmpty { stages.append(.destinationPort(in: port.flatMap(\.self))) }
    if isIPv4 || isIPv6 { stages.append(.ip(isIPv4: isIPv4)) }
    if !pid.isEmpty { stages.append(.pid(Set(pid.flatMap(\.self)))) }
    if !uid.isEmpty { stages.append(.uid(Set(uid.flatMap(\.self)))) }
    if !comm.isEmpty { stages.append(.comm(comm.flatMap(\.self))) }
    if !netns.isEmpty { stages.append(.netns(Set(netns))) }
    if !daddr.isEmpty { stages.append(.destination(in: daddr.flatMap(\.self))) }
    if !saddr.isEmpty { stages.append(.source(in: saddr.flatMap(\.self))) }
    return stages
  }

  /// The stages that need the cgroup; empty when none does.
  var cgroupStages: [Filter] {
    inCgroup.isEmpty ? [] : [.cgroup(inCgroup.map(GlobPattern.init))]
  }
}
