import CLibBPF
import Glibc

extension Probe {
  /// The capabilities that this probe takes on the running kernel, for a person: `CAP_BPF, CAP_PERFMON`.
  public var neededCapabilities: String {
    if self == .tracefs {
      return "CAP_DAC_OVERRIDE, or to own tracefs as root does"
        + (KernelLimits.hasKprobes ? "" : "; CAP_SYS_PTRACE for uid and netns of others' processes")
    }
    var names = ["CAP_BPF", "CAP_PERFMON"]
    // libbpf reads the numbers of tracepoints in tracefs, which is root's alone.
    if self == .tracepoint { names.append("CAP_DAC_READ_SEARCH") }
    if KernelLimits.chargesMemory { names.append("CAP_SYS_RESOURCE") }
    var text = names.joined(separator: ", ")
    if self != .fentry, let level = KernelLimits.perfEventParanoid {
      text += "; CAP_SYS_ADMIN where the kernel is Debian's, as kernel.perf_event_paranoid is \(level)"
    }
    return text
  }
}

/// What the running kernel asks for beyond the documented capabilities.
enum KernelLimits {
  /// `kernel.perf_event_paranoid` where it is 3 or more: a level of distributions' own, at which Debian's kernels allow
  /// perf_event_open(2), which kprobes and some tracepoints go through, with CAP_SYS_ADMIN alone.
  static var perfEventParanoid: Int? {
    let text = ProcessFiles.text("/proc/sys/kernel/perf_event_paranoid", limit: 16)
    return text.flatMap { Int($0.prefix { $0 != "\n" }) }.flatMap { $0 >= 3 ? $0 : nil }
  }

  /// Whether maps and programs count against RLIMIT_MEMLOCK, as they did before Linux 5.11.
  static var chargesMemory: Bool {
    let release = ProcessFiles.text("/proc/sys/kernel/osrelease", limit: 128) ?? ""
    let numbers = release.split { !$0.isNumber }.prefix(2).map { Int($0) ?? 0 }
    return numbers.count == 2 && (numbers[0], numbers[1]) < (5, 11)
  }

  static var hasKprobes: Bool { access("/sys/bus/event_source/devices/kprobe", F_OK) == 0 }
}
