import Glibc

/// What a probe needs of kernel and privilege, so that a refusal can be told before the kernel's bare EPERM or ENOENT.
enum ProbeRequirements {
  /// - Throws: `ProbeError` for the first requirement that is not met.
  static func check(_ probe: Probe) throws(ProbeError) {
    try checkPrivilege(probe)
    guard exists("/sys/kernel/btf/vmlinux") else {
      throw ProbeError(
        probe, "this kernel describes no types (no /sys/kernel/btf/vmlinux)",
        advice: "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y")
    }
    if probe == .kprobe, !KernelLimits.hasKprobes {
      throw ProbeError(
        probe, "this kernel has no kprobes (CONFIG_KPROBES is not set)",
        advice: "use --probe tracepoint, or boot a kernel built with CONFIG_KPROBES=y")
    }
  }

  private static func checkPrivilege(_ probe: Probe) throws(ProbeError) {
    let held = Capabilities.effective
    // To the kernel, who has CAP_SYS_ADMIN has both.
    let missing: Capabilities = held.contains(.sysAdmin) ? [] : [.bpf, .perfmon]
    guard held.isSuperset(of: missing) else {
      throw ProbeError(
        probe, "tracing needs \(missing.subtracting(held).names.joined(separator: " and "))",
        advice: "run it with sudo, or give the program the capabilities: "
          + "sudo setcap cap_bpf,cap_perfmon,cap_dac_read_search=ep \(executable)",
        isPrivilege: true)
    }
  }

  /// Makes of what libbpf said what a person can act on.
  static func explain(_ error: BPFError, of probe: Probe) -> ProbeError {
    var explained = cause(of: error, probe)
    explained.details = error.messages
    return explained
  }

  /// Why something that a probe can do without cannot be attached.
  static func explain(optional error: BPFError, of probe: Probe) -> String {
    if probe == .tracepoint, error.errno == ENOENT, !TraceFSRequirements.isMounted {
      return "tracefs is not mounted"
    }
    let held = Capabilities.effective
    guard error.errno == EACCES else { return error.reason }
    if geteuid() != 0, !held.contains(.dacReadSearch) {
      return "\(error.reason): it takes CAP_DAC_READ_SEARCH"
    }
    if KernelLimits.perfEventParanoid != nil, !held.contains(.sysAdmin) {
      return "\(error.reason): it takes CAP_SYS_ADMIN, or sysctl kernel.perf_event_paranoid=2"
    }
    return error.reason
  }

  private static func cause(of error: BPFError, _ probe: Probe) -> ProbeError {
    let said = error.messages.joined(separator: "\n")
    if let lockdown = ProcessFiles.text("/sys/kernel/security/lockdown", limit: 256),
      lockdown.contains("[confidentiality]"), error.errno == EPERM
    {
      return ProbeError(
        probe, "the kernel is locked down (confidentiality), which forbids BPF to read kernel memory",
        advice: "boot without lockdown=confidentiality", isPrivilege: true)
    }
    let held = Capabilities.effective
    if error.errno == EPERM, KernelLimits.chargesMemory, !held.contains(.sysResource) {
      return ProbeError(
        probe, "\(error.reason): this kernel counts BPF's memory against RLIMIT_MEMLOCK, which is too small",
        advice: "add CAP_SYS_RESOURCE, raise the limit with ulimit -l unlimited, or give a smaller --buffer",
        isPrivilege: true)
    }
    if error.errno == EACCES, let level = KernelLimits.perfEventParanoid, !held.contains(.sysAdmin) {
      return ProbeError(
        probe, "kernel.perf_event_paranoid is \(level), with which this kernel asks for CAP_SYS_ADMIN",
        advice: "run it with sudo, use --probe fentry, or run sysctl kernel.perf_event_paranoid=2",
        isPrivilege: true)
    }
    // Where other programs load, it is the trampolines that are missing, whatever the errno.
    if probe == .fentry, error.errno != EPERM || canLoad("state_hook") {
      return ProbeError(
        probe, "this kernel has no BPF trampolines for these functions",
        advice: "use --probe kprobe or --probe tracepoint")
    }
    if error.errno == EPERM {
      return ProbeError(
        probe, "\(error.reason): this kernel or container refuses BPF to us",
        advice:
          "run it as root of the host, with CAP_BPF and CAP_PERFMON allowed by seccomp and security modules",
        isPrivilege: true)
    }
    if said.contains("map 'records'") {
      return ProbeError(
        probe, "\(error.reason): no ring buffer (\(lastWords(error)))",
        advice: "use Linux 5.8 or newer, or a smaller --buffer")
    }
    return ProbeError(
      probe, "\(error.reason) (\(lastWords(error)))",
      advice: "run with -v for all that libbpf said, and report it")
  }

  /// The line of libbpf's that most likely names the cause: the last one that is not about cleaning up.
  private static func lastWords(_ error: BPFError) -> String {
    let lines = error.messages.filter { $0.hasPrefix("libbpf:") && !$0.contains("failed to load object") }
    return lines.last.map { String($0.dropFirst("libbpf: ".count)) } ?? "libbpf said nothing more"
  }

  private static func canLoad(_ program: String) -> Bool {
    (try? BPFObject(programs: [program], settings: .init(), bufferSize: 4096).load()) != nil
  }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static var executable: String { ProcessFiles.link("/proc/self/exe") ?? "tcpconnlat" }
}
