import Glibc

/// An event that the probe reads, and how it comes to be.
struct TraceFSHook {
  /// What makes an event of our own.
  struct Probe {
    /// Where it is hit.
    enum Place {
      case entry(of: String)
      case exit(of: String)
      /// Another event, where this holds for its fields. A kprobe that is hit by an interrupt inside another one is not
      /// run; this always is.
      case event(system: String, name: String, condition: String)
    }

    let place: Place
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
  var probe: Probe?
  /// Which bit of the field `v6only` counts.
  var v6OnlyBit = 0
  /// Whether the thread that connects comes by here itself.
  var isOfCaller = false
  /// What is not seen where the kernel has no such event; nil where nothing works without it.
  var without: String?

  var isOurs: Bool { probe != nil }
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
}
