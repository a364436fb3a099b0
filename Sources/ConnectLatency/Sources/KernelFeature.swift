/// What some kernels have and others do not, as their own types tell.
enum KernelFeature: CaseIterable {
  /// The tracepoint `inet_sk_error_report`: Linux 5.15.
  case errorReports
  /// The tracepoint `cgroup_mkdir`.
  case cgroupTracepoints
  /// Tracing programs that may be preempted: a kernel that lets them forbid it does it.
  case preemption

  /// Whether the running kernel has it.
  var isPresent: Bool { Self.present.contains(self) }

  /// Found once: the description is some megabytes.
  private static let present: Set<Self> = {
    guard let types = KernelTypes() else { return [] }
    return Set(allCases.filter { $0.isDescribed(in: types) })
  }()

  private func isDescribed(in types: KernelTypes) -> Bool {
    switch self {
    case .errorReports: types.has(tracepoint: "inet_sk_error_report")
    case .cgroupTracepoints: types.has(tracepoint: "cgroup_mkdir")
    case .preemption: types.has(function: "bpf_preempt_disable")
    }
  }
}
