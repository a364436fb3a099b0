import CTraceFS
import Glibc

/// What tracefs needs, so that a refusal can be told with what to do about it.
enum TraceFSRequirements {
  /// Finds tracefs, and mounts it where that was asked for.
  /// - Returns: where it is.
  /// - Throws: `ProbeError` when it is not mounted, or not to be written by us.
  static func check(mounts: Bool) throws(ProbeError) -> String {
    var path: UnsafePointer<CChar>?
    // Only after this call: others of libtracefs mount it without being asked.
    guard tracefs_tracing_dir_is_mounted(mounts, &path) > 0 || isMounted else {
      guard access("/sys/kernel/tracing", F_OK) == 0 else {
        throw ProbeError(
          .tracefs, "this kernel has no tracefs", advice: "boot a kernel built with CONFIG_TRACING=y")
      }
      throw ProbeError(
        .tracefs, mounts ? "tracefs cannot be mounted" : "tracefs is not mounted",
        advice: "as root, run mount -t tracefs tracefs /sys/kernel/tracing"
          + (mounts ? "" : ", or give --mount-tracefs"), isPrivilege: geteuid() != 0)
    }
    let directory = path.map { String(cString: $0) } ?? "/sys/kernel/tracing"
    guard mayAccess(directory + "/instances", R_OK | W_OK | X_OK) else {
      throw ProbeError(
        .tracefs, "\(directory) is not ours to read and write",
        advice: "run it with sudo, or with CAP_DAC_OVERRIDE", isPrivilege: true)
    }
    guard mayAccess(directory + "/events/sock/inet_sock_set_state/format", F_OK) else {
      throw ProbeError(
        .tracefs, "this kernel has no event sock:inet_sock_set_state",
        advice: "boot Linux 4.16 or newer, built with CONFIG_FTRACE=y")
    }
    return directory
  }

  /// Makes of what tracefs said what a person can act on.
  static func explain(_ error: TraceFSError) -> ProbeError {
    let lockdown = ProcessFiles.text("/sys/kernel/security/lockdown", limit: 256) ?? ""
    if error.errno == EPERM, lockdown.contains("[confidentiality]") {
      return ProbeError(
        .tracefs, "the kernel is locked down (confidentiality), which forbids tracing",
        advice: "boot without lockdown=confidentiality", isPrivilege: true)
    }
    if let missing = error.missing {
      return ProbeError(
        .tracefs, "no kprobe events (\(missing.instead)), and no event \(missing.event)",
        advice: "boot Linux 5.15 or newer, or one built with CONFIG_KPROBES=y and CONFIG_DEBUG_INFO_BTF=y")
    }
    if [EPERM, EACCES, EROFS].contains(error.errno) {
      return ProbeError(
        .tracefs, "\(error.reason): this kernel or container refuses tracefs to us",
        advice: "run it as root of the host", isPrivilege: true)
    }
    return ProbeError(.tracefs, error.reason, advice: "run tcpconnlat doctor for the probes that work")
  }

  /// Whether it is where it belongs.
  static var isMounted: Bool { mayAccess("/sys/kernel/tracing/events", F_OK) }

  /// With the capabilities that are in force: access() asks for those of the real user.
  private static func mayAccess(_ path: String, _ mode: CInt) -> Bool {
    faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0
  }
}
