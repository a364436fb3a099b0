import CLinux
import Glibc

/// Capabilities of this process (`capabilities(7)`).
public struct Capabilities: OptionSet, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  static let dacOverride = Capabilities(rawValue: 1 << 1)
  static let dacReadSearch = Capabilities(rawValue: 1 << 2)
  static let sysPtrace = Capabilities(rawValue: 1 << 19)
  static let sysAdmin = Capabilities(rawValue: 1 << 21)
  static let sysResource = Capabilities(rawValue: 1 << 24)
  static let perfmon = Capabilities(rawValue: 1 << 38)
  static let bpf = Capabilities(rawValue: 1 << 39)

  /// The capabilities in force, as `/proc/self/status` has them.
  static var effective: Capabilities {
    let status = ProcessFiles.text("/proc/self/status", limit: 16 << 10) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    return Capabilities(
      rawValue: line.flatMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) } ?? 0)
  }

  /// The names, as `CAP_BPF`, in the order of their numbers.
  var names: [String] {
    let known: [(Capabilities, String)] = [
      (.dacOverride, "CAP_DAC_OVERRIDE"), (.dacReadSearch, "CAP_DAC_READ_SEARCH"),
      (.sysPtrace, "CAP_SYS_PTRACE"), (.sysAdmin, "CAP_SYS_ADMIN"), (.sysResource, "CAP_SYS_RESOURCE"),
      (.perfmon, "CAP_PERFMON"), (.bpf, "CAP_BPF"),
    ]
    return known.filter { contains($0.0) }.map(\.1)
  }
}

/// A user to work as, where privilege is needed no more.
public struct UnprivilegedUser: Sendable {
  let uid: uid_t
  let gid: gid_t

  /// A user of this machine, by name or number; nil when there is none. A number that has no entry in `passwd` stands
  /// for the group of that number too.
  public init?(_ text: String) {
    if let entry = getpwnam(text) ?? uid_t(text).flatMap({ getpwuid($0) }) {
      (uid, gid) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
    } else if let number = uid_t(text), number < .max {
      (uid, gid) = (number, number)
    } else {
      return nil
    }
  }
}

/// What this process may do.
public enum Privilege {
  /// Gives up, for good, all capabilities but those of `kept`, and the right to get any by starting a program
  /// (`PR_SET_NO_NEW_PRIVS`). With a user, goes on as that user, in no other group than the user's own.
  ///
  /// Capabilities belong to a thread, so call this while there is only one.
  /// - Returns: nil, or what the kernel refused and its errno.
  public static func reduce(to kept: Capabilities, as user: UnprivilegedUser?) -> (
    refused: String, errno: CInt
  )? {
    if clinux_prepare_capabilities() != 0 { return ("keep capabilities", errno) }
    if let user {
      // In this order: who is somebody else already may not change groups.
      if setgroups(0, nil) != 0 { return ("leave all groups", errno) }
      if setgid(user.gid) != 0 { return ("change to group \(user.gid)", errno) }
      if setuid(user.uid) != 0 { return ("change to user \(user.uid)", errno) }
    }
    // Who stays root owns root's files.
    let kept = geteuid() == 0 ? kept.subtracting(.dacOverride) : kept
    if clinux_limit_capabilities(kept.rawValue) != 0 { return ("give up capabilities", errno) }
    return nil
  }
}
