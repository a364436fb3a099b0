import Foundation
import Testing

/// What `doctor` says of the tracefs probe where something is missing, each in a mount namespace of its own.
@Suite("The doctor of tracefs", .serialized)
struct TraceFSDoctorTests {
  private static let mounted =
    "mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing"
  /// Elsewhere it may be mounted as well.
  private static let unmount = "umount -l /sys/kernel/tracing; umount -l /sys/kernel/debug 2> /dev/null"

  /// The line of `doctor` about a probe after these commands.
  private func line(
    after commands: String, _ arguments: String = "", of probe: String = "tracefs"
  ) throws -> String {
    try #require(getuid() == 0, "tests that mount need root: run tools/test with sudo")
    let script = "\(Self.mounted); \(commands); \"$T\" doctor \(arguments)"
    let tool = try RunningTool(
      program: "/usr/bin/unshare", ["--mount", "--propagation", "private", "/bin/bash", "-c", script]
    ).finish(within: 60)
    return try #require(tool.rows.first { $0.hasPrefix(probe + " ") }, "\(tool.errors)")
  }

  @Test("says that it works, and what it does not see")
  func works() throws {
    #expect(try line(after: "true").hasPrefix("tracefs     works  events of tracefs"))
  }

  @Test("says that tracefs is not mounted and how to mount it, and mounts it only where asked to")
  func notMounted() throws {
    let line = try line(after: Self.unmount)
    #expect(
      line
        == "tracefs     fails  tracefs is not mounted; as root, run mount -t tracefs tracefs /sys/kernel/tracing, "
        + "or give --mount-tracefs")
    #expect(try self.line(after: Self.unmount, "--mount-tracefs").hasPrefix("tracefs     works"))
  }

  @Test("says what the tracepoint probe does not see without tracefs")
  func tracepointUnmounted() throws {
    let unseen = "not seen: connects that fail before a SYN is sent (tracefs is not mounted)"
    #expect(try line(after: Self.unmount, of: "tracepoint").hasSuffix(unseen))
    let line = try line(after: Self.unmount, "--mount-tracefs", of: "tracepoint")
    #expect(line.contains("works") && !line.contains("not seen"))
  }

  @Test("says that tracefs is not ours to write")
  func readOnly() throws {
    let line = try line(after: "mount -o remount,bind,ro /sys/kernel/tracing")
    #expect(
      line
        == "tracefs     fails  /sys/kernel/tracing is not ours to read and write; "
        + "run it with sudo, or with CAP_DAC_OVERRIDE")
  }

  @Test("says that it takes root")
  func notRoot() throws {
    // Its file may lie where nobody else may go.
    let line = try line(
      after: "exec 3< \"$T\"; setpriv --reuid 65534 --clear-groups /dev/fd/3 doctor; exit")
    #expect(
      line
        == "tracefs     fails  /sys/kernel/tracing is not ours to read and write; "
        + "run it with sudo, or with CAP_DAC_OVERRIDE")
  }

  @Test("says that the kernel has no such event")
  func noEvents() throws {
    let line = try line(after: "mount -t tmpfs none /sys/kernel/tracing/events")
    #expect(
      line
        == "tracefs     fails  this kernel has no event sock:inet_sock_set_state; "
        + "boot Linux 4.16 or newer, built with CONFIG_FTRACE=y")
  }

  @Test("says what a kernel lacks that has neither kprobe events nor reports of errors")
  func noErrorReports() throws {
    let line = try line(
      after: "mount -t tmpfs none /sys/kernel/tracing/events/sock/inet_sk_error_report; "
        // Without a description of the types there are no kprobe events either.
        + "mount --bind /dev/null /sys/kernel/btf/vmlinux")
    #expect(
      line
        == "tracefs     fails  no kprobe events (this kernel describes no types), and no event "
        + "sock:inet_sk_error_report; boot Linux 5.15 or newer, or one built with CONFIG_KPROBES=y and "
        + "CONFIG_DEBUG_INFO_BTF=y")
  }
}
