extension TraceFSHook {
  /// What shows how a connect ends.
  enum Ends {
    /// Event probes on the tracepoints' events (Linux 5.15), which are hit whatever they interrupt.
    case eventProbes
    /// Kprobes, with the tracepoints' events for what those miss.
    case kprobes
  }

  /// Events of our own, with what the BPF probes read.
  ///
  /// The kernel does not run a kprobe that an interrupt hits while another one runs. Those of starts are hit by the
  /// connecting thread itself, which interrupts nobody; ends mostly come in interrupts.
  /// - Returns: nil where the kernel's types lack something that all of it needs.
  static func probeHooks(
    group: String, types: KernelTypes, filter: KernelFilter, ends: Ends
  ) -> [TraceFSHook]? {
    guard let fields = ProbeFields(types) else { return nil }
    func hook(
      _ kind: TraceEvent.Kind, _ event: String, _ place: Probe.Place, _ fetched: [String],
      filter: String? = nil, without: String? = nil
    ) -> TraceFSHook {
      TraceFSHook(
        // The kernel's list of what kprobes missed has this name alone.
        kind: kind, system: group, event: "\(group)_\(event)", filter: filter,
        probe: Probe(place: place, fields: fetched.joined(separator: " ")),
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
    let family = isIPv6Alone ? "&&family==10" : ""
    let v6Missing = "connects over IPv6"
    let v4Hooks = [
      hook(
        .connectV4, "v4", .entry(of: "tcp_v4_connect"), fields.connectV4,
        filter: v4.joined(separator: "&&")),
      hook(.connectReturned, "v4r", .exit(of: "tcp_v4_connect"), ["ret=$retval:s32"]),
    ]
    let starts =
      (isIPv6Alone ? [] : v4Hooks) + [
        hook(
          .connectV6, "v6", .entry(of: "tcp_v6_connect"), fields.connectV6,
          filter: v6.isEmpty ? nil : v6.joined(separator: "&&"), without: v6Missing),
        hook(
          .connectReturned, "v6r", .exit(of: "tcp_v6_connect"), ["ret=$retval:s32"], without: v6Missing),
        hook(
          .taskExit, "exit", .entry(of: "exit_files"), fields.taskExit,
          without: "the process, user and cgroup of a thread that ends within milliseconds of its connect"),
      ]
    let connecting = "state==\(TraceEvent.synSent)" + family
    let wasConnecting = "oldstate==\(TraceEvent.synSent)" + family
    switch ends {
    case .eventProbes:
      let condition = "protocol==6&&" + wasConnecting
      return [
        hook(
          .stateSet, "state",
          .event(system: "sock", name: "inet_sock_set_state", condition: condition),
          fields.stateChanged, filter: wasConnecting),
        hook(
          .reset, "reset", .event(system: "tcp", name: "tcp_receive_reset", condition: ""),
          fields.received, filter: connecting),
      ] + starts
    case .kprobes:
      return starts + [
        hook(.finished, "finish", .entry(of: "tcp_finish_connect"), fields.ended, filter: connecting),
        hook(.reset, "reset", .entry(of: "tcp_reset"), fields.ended, filter: connecting),
        hook(
          .stateSet, "state", .entry(of: "tcp_set_state"), fields.stateSet,
          // An answer that is no SYN-ACK: both sides connect to each other.
          filter: connecting + "&&(newstate==\(TraceEvent.closed)||newstate==\(TraceEvent.synReceived))"),
        TraceFSHook(
          kind: .stateChanged, system: "sock", event: "inet_sock_set_state",
          filter: "protocol==6&&" + wasConnecting),
        TraceFSHook(kind: .resetReceived, system: "tcp", event: "tcp_receive_reset"),
      ]
    }
  }
}
