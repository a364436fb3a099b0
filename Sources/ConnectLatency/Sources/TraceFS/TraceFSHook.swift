import Glibc

/// An event that the probe reads, and how it comes to be.
struct TraceFSHook {
  /// What makes an event of our own.
  struct Kprobe {
    let function: String
    let isReturn: Bool
    /// The fields, in the language of `Documentation/trace/kprobetrace.rst`.
    let fields: String
  }

  let kind: TraceEvent.Kind
  let system: String
  let event: String
  /// What the kernel keeps of it; nil for all.
  var filter: String?
  /// More of the filter, for kernels whose event has the field.
  var filterIfKnown: String?
  var kprobe: Kprobe?
  /// Which bit of the field `v6only` counts.
  var v6OnlyBit = 0
  /// Whether the thread that connects comes by here itself.
  var isOfCaller = false
  /// What is not seen where the kernel has no such event; nil where nothing works without it.
  var without: String?

  var isKprobe: Bool { kprobe != nil }
}

extension TraceFSHook {
  /// The tracepoints' events, which say less than the sock.
  /// - Parameter areCallersApart: whether what a connecting thread does itself is recorded in an instance of its own.
  static func staticHooks(filter: KernelFilter, areCallersApart: Bool) -> [TraceFSHook] {
    let ports = filter.ports.map { "(dport>=\($0.lowerBound)&&dport<=\($0.upperBound))" }
    // A connect to a v4-mapped address has family 10 and is over IPv4, so only IPv6 alone can be told by it.
    let family = filter.isIPv4 == false ? "&&family==10" : ""
    let wanted = family + (ports.isEmpty ? "" : "&&(\(ports.joined(separator: "||")))")
    let tcp = "protocol==6"
    // With these, __tcp_retransmit_skb() gives up before it counts the SYN in total_retrans. A firewall's EPERM is later.
    let notCounted = [EAGAIN, EBUSY, EINVAL, ENOMEM, EHOSTUNREACH]
    let synSent = TraceEvent.synSent
    func stateChanges(_ states: String, isOfCaller: Bool) -> TraceFSHook {
      TraceFSHook(
        kind: .stateChanged, system: "sock", event: "inet_sock_set_state",
        filter: "\(tcp)&&(\(states))\(wanted)", isOfCaller: isOfCaller)
    }
    let (begins, ends) = ("newstate==\(synSent)", "oldstate==\(synSent)")
    let changes =
      areCallersApart
      ? [stateChanges(begins, isOfCaller: true), stateChanges(ends, isOfCaller: false)]
      : [stateChanges("\(begins)||\(ends)", isOfCaller: false)]
    return changes + [
      TraceFSHook(
        kind: .errorReport, system: "sock", event: "inet_sk_error_report", filter: tcp + wanted),
      TraceFSHook(kind: .reset, system: "tcp", event: "tcp_receive_reset"),
      TraceFSHook(
        kind: .retransmit, system: "tcp", event: "tcp_retransmit_skb", filter: "state==\(synSent)",
        // Newer kernels tell of SYNs as well that were not sent again, and why.
        filterIfKnown: notCounted.map { "&&err!=-\($0)" }.joined(), without: "how often a SYN was sent again"),
      TraceFSHook(
        kind: .callEntered, system: "syscalls", event: "sys_enter_connect", isOfCaller: true,
        without: "why a connect failed before its SYN left"),
      TraceFSHook(
        kind: .callReturned, system: "syscalls", event: "sys_exit_connect", isOfCaller: true,
        without: "why a connect failed before its SYN left"),
      TraceFSHook(
        kind: .taskExit, system: "sched", event: "sched_process_exit",
        without: "the name of a thread that ends within milliseconds of its connect"),
    ]
  }

  /// Events of our own on the functions that the BPF probes hook, with what the BPF probes read.
  /// - Returns: nil where the kernel's types lack something that all of it needs.
  static func kprobeHooks(group: String, types: KernelTypes, filter: KernelFilter) -> [TraceFSHook]? {
    guard let fields = KprobeFields(types) else { return nil }
    func hook(
      _ kind: TraceEvent.Kind, _ event: String, _ function: String, _ fetched: [String],
      filter: String? = nil,
      isReturn: Bool = false, without: String? = nil
    ) -> TraceFSHook {
      TraceFSHook(
        // The kernel tells what a kprobe missed by this name alone.
        kind: kind, system: group, event: "\(group)_\(event)", filter: filter,
        kprobe: Kprobe(function: function, isReturn: isReturn, fields: fetched.joined(separator: " ")),
        v6OnlyBit: fields.v6OnlyBit, isOfCaller: [.connectV4, .connectV6, .connectReturned].contains(kind),
        without: without)
    }
    // tcp_v6_connect() with a v4-mapped address calls on, and has emitted the start.
    var v4 = ["family==2"]
    var v6: [String] = []
    if !filter.netns.isEmpty {
      let namespaces = "(\(filter.netns.map { "netns==\($0)" }.joined(separator: "||")))"
      v4.append(namespaces)
      v6.append(namespaces)
    }
    let isIPv6Alone = filter.isIPv4 == false
    let connecting = "state==\(TraceEvent.synSent)" + (isIPv6Alone ? "&&family==10" : "")
    let v6Missing = "connects over IPv6"
    let v4Hooks = [
      hook(.connectV4, "v4", "tcp_v4_connect", fields.connectV4, filter: v4.joined(separator: "&&")),
      hook(.connectReturned, "v4r", "tcp_v4_connect", ["ret=$retval:s32"], isReturn: true),
    ]
    return (isIPv6Alone ? [] : v4Hooks) + [
      hook(
        .connectV6, "v6", "tcp_v6_connect", fields.connectV6,
        filter: v6.isEmpty ? nil : v6.joined(separator: "&&"), without: v6Missing),
      hook(
        .connectReturned, "v6r", "tcp_v6_connect", ["ret=$retval:s32"], isReturn: true, without: v6Missing),
      hook(.finished, "finish", "tcp_finish_connect", fields.ended, filter: connecting),
      hook(.reset, "reset", "tcp_reset", fields.ended, filter: connecting),
      hook(
        .stateSet, "state", "tcp_set_state", fields.stateSet,
        // An answer that is no SYN-ACK: both sides connect to each other.
        filter: connecting + "&&(newstate==\(TraceEvent.closed)||newstate==\(TraceEvent.synReceived))"),
      hook(
        .taskExit, "exit", "exit_files", fields.taskExit,
        without: "the process, user and cgroup of a thread that ends within milliseconds of its connect"),
    ]
  }
}

/// What our events fetch, each as `name=where:type`, with offsets from the kernel's own description of its types.
private struct KprobeFields {
  let connectV4: [String]
  let connectV6: [String]
  let ended: [String]
  let stateSet: [String]
  let taskExit: [String]
  let v6OnlyBit: Int

  init?(_ types: KernelTypes) {
    /// A field of an argument; nil if the type does not have it.
    func fetch(_ name: String, _ path: String, of type: String, _ base: String, _ count: Int = 1) -> String? {
      let path = path.split(separator: ".").map(String.init)
      return types.member(path, of: type).map { member in
        let bits = count > 1 ? 64 : min(max(member.size, 1), 8) * 8
        return "\(name)=+\(member.offset)(\(base)):u\(bits)" + (count > 1 ? "[\(count)]" : "")
      }
    }
    func common(_ name: String, _ path: String, _ count: Int = 1) -> String? {
      fetch(name, "__sk_common.\(path)", of: "sock", "$arg1", count)
    }
    func pointer(_ path: String, of type: String, _ base: String) -> String? {
      types.member(path.split(separator: ".").map(String.init), of: type).map { "+\($0.offset)(\(base))" }
    }
    guard
      let v6OnlyMember = types.member(["__sk_common", "skc_ipv6only"], of: "sock"),
      let family = common("family", "skc_family"), let state = common("state", "skc_state"),
      let dport = common("dport", "skc_dport"), let saddr = common("saddr", "skc_rcv_saddr"),
      let daddr = common("daddr", "skc_daddr"),
      let sport = fetch("sport", "inet_sport", of: "inet_sock", "$arg1"),
      let error = fetch("error", "sk_err", of: "sock", "$arg1"),
      let retransmits = fetch("retransmits", "total_retrans", of: "tcp_sock", "$arg1"),
      let namespace = pointer("__sk_common.skc_net.net", of: "sock", "$arg1"),
      let netns = fetch("netns", "ns.inum", of: "net", namespace)
    else { return nil }
    // A kernel without IPv6 has neither the function nor these fields.
    let v6Addresses = [common("saddr_v6", "skc_v6_rcv_saddr", 2), common("daddr_v6", "skc_v6_daddr", 2)]
      .compactMap { $0 }
    v6OnlyBit = v6OnlyMember.bit
    let sock = "skaddr=$arg1:x64"
    let v6Only = "v6only=+\(v6OnlyMember.offset)($arg1):u8"
    let bound = [sock, sport, netns, v6Only, "comm=$comm"]
    // Both functions get the address as a struct sockaddr of the kernel's.
    connectV4 = bound + [family, saddr, "dport=+2($arg2):u16", "daddr=+4($arg2):u32"]
    connectV6 =
      bound + v6Addresses.prefix(1) + ["dport=+2($arg2):u16", "daddr_v6=+8($arg2):u64[2]"]
    ended = [sock, state, family, sport, dport, saddr, daddr, v6Only, retransmits] + v6Addresses
    stateSet = ended + ["newstate=$arg2:u32", error]
    var exiting = [fetch("tgid", "tgid", of: "task_struct", "$arg1")]
    if let credentials = pointer("real_cred", of: "task_struct", "$arg1") {
      exiting.append(fetch("uid", "uid.val", of: "cred", credentials))
    }
    if let set = pointer("cgroups", of: "task_struct", "$arg1"),
      let group = pointer("dfl_cgrp", of: "css_set", set), let node = pointer("kn", of: "cgroup", group)
    {
      exiting.append(fetch("cgroup", "id", of: "kernfs_node", node))
    }
    taskExit = exiting.compactMap { $0 }
  }
}
