/// A set of hooks that sees connects.
public enum Probe: String, Sendable, CaseIterable {
  /// kprobes on `tcp_v4_connect`, `tcp_v6_connect` and `tcp_finish_connect`.
  case kprobe
  /// The same functions through BPF trampolines.
  case fentry
  /// The tracepoints `sock:inet_sock_set_state`, `tcp:tcp_receive_reset` and `syscalls:sys_*_connect`.
  case tracepoint
  /// No BPF: events of tracefs, made of kprobes and of tracepoints where the kernel can, else the tracepoints' own.
  case tracefs
}

extension Probe {
  /// The BPF programs that have to be attached, by their names in `connect.bpf.c`.
  var programs: [String] {
    switch self {
    case .kprobe:
      ["kprobe_v4", "kprobe_v4_return", "kprobe_response", "state_hook", "reset_hook", "reset_twin"]
    case .fentry:
      ["fentry_v4", "fentry_v4_return", "fentry_response", "state_hook", "reset_hook", "reset_twin"]
    case .tracepoint: ["state_hook", "state_twin", "reset_hook", "reset_twin"]
    case .tracefs: []
    }
  }

  /// Second hooks that this kernel has a place and a use for.
  var secondPrograms: [String] {
    var programs: [String] = []
    // Kernels without it run a program that an interrupt finds running.
    if self != .tracepoint, KernelFeature.errorReports.isPresent { programs.append("error_hook") }
    guard KernelFeature.preemption.isPresent else { return programs }
    switch self {
    case .kprobe: programs += ["state_twin"]
    case .fentry: programs += ["state_twin", "fentry_v4_return_twin"]
    case .tracepoint: programs += ["state_third"]
    case .tracefs: break
    }
    return programs
  }

  /// What sees cgroups being made, on kernels that have them.
  var cgroupPrograms: [String] {
    self != .tracefs && KernelFeature.cgroupTracepoints.isPresent ? ["cgroup_hook"] : []
  }

  /// Programs that some kernels have no place for, and what is not seen without them.
  struct OptionalPrograms {
    let programs: [String]
    let without: String
  }

  /// The programs that some kernels have no place for.
  var optionalPrograms: [OptionalPrograms] {
    switch self {
    case .kprobe, .fentry:
      let twins = self == .fentry && KernelFeature.preemption.isPresent ? ["fentry_v6_return_twin"] : []
      return [
        OptionalPrograms(
          programs: ["\(rawValue)_v6", "\(rawValue)_v6_return"] + twins, without: "connects over IPv6")
      ]
        + ["4", "6"].map {
          OptionalPrograms(
            programs: ["\(rawValue)_v\($0)_pre", "\(rawValue)_v\($0)_pre_return"],
            without: "connects over IPv\($0) that a BPF program of a cgroup forbids")
        }
    case .tracepoint:
      let twins = KernelFeature.preemption.isPresent ? ["tracepoint_call_return_twin"] : []
      return [
        OptionalPrograms(
          programs: ["tracepoint_call", "tracepoint_call_return"] + twins,
          without: "connects that fail before a SYN is sent")
      ]
    case .tracefs: return []
    }
  }

  /// What the probe hooks, for a person.
  public var summary: String {
    switch self {
    case .kprobe: "kprobes on tcp_v4_connect, tcp_v6_connect, tcp_finish_connect"
    case .fentry: "BPF trampolines on the same functions"
    case .tracepoint: "tracepoints inet_sock_set_state, tcp_receive_reset, sys_enter_connect"
    case .tracefs: "events of tracefs: kprobes and tracepoints, or tracepoints alone, without BPF"
    }
  }
}

/// Why a probe does not work here.
public struct ProbeError: Error, Equatable {
  public let probe: Probe
  /// What stops it.
  public let reason: String
  /// What to do about it.
  public let advice: String
  /// Whether it is a matter of privilege alone.
  public let isPrivilege: Bool
  /// All that libbpf and the verifier said, a message each.
  public internal(set) var details: [String] = []

  init(_ probe: Probe, _ reason: String, advice: String, isPrivilege: Bool = false) {
    self.probe = probe
    self.reason = reason
    self.advice = advice
    self.isPrivilege = isPrivilege
  }
}

extension ProbeError: CustomStringConvertible {
  public var description: String { "\(probe.rawValue): \(reason); \(advice)" }
}
