import CWorkload
import Foundation

/// A group of the cgroup v2 hierarchy, where a BPF program can be asked about every connect.
struct Cgroup: ~Copyable {
  /// What the program says.
  enum Rule {
    case allows, forbids
    /// Allows it, to another port.
    case redirects(to: UInt16)
  }

  /// `cgroup.procs`: a process that writes "0" there is in the group.
  let members: Int32
  private let path: String

  /// Makes one, whose name begins so.
  init(named name: String = "connect-workload") throws {
    let path = try Self.mountPoint() + "/\(name)-\(getpid())-\(wl_thread_id())"
    try check(mkdir(path, 0o755), "mkdir(\(path))")
    let members = wl_open(path + "/cgroup.procs", O_WRONLY)
    guard members >= 0 else {
      let error = WorkloadError.call("open(\(path)/cgroup.procs)", .current)
      rmdir(path)
      throw error
    }
    self.path = path
    self.members = members
  }

  /// Has a program asked about connects of this family's sockets.
  func set(_ rule: Rule, for family: Family) throws {
    let group = try check(wl_open(path, O_RDONLY | O_DIRECTORY), "open(\(path))")
    defer { close(group) }
    let (allows, port): (Int32, UInt16) =
      switch rule {
      case .allows: (1, 0)
      case .forbids: (0, 0)
      case .redirects(let port): (1, port)
      }
    try check(
      wl_ask_about_connects(group, family == .v4 ? 0 : 1, allows, port.bigEndian),
      "bpf: a program for \(path)")
  }

  deinit {
    close(members)
    // A process that has been waited for may not have left yet.
    for _ in 0..<200 {
      guard rmdir(path) < 0, Errno.current == Errno(EBUSY) else { return }
      sleep(milliseconds: 5)
    }
  }

  /// Where the v2 hierarchy is mounted.
  private static func mountPoint() throws -> String {
    let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count > 2, words[2] == "cgroup2" { return String(words[1]) }
    }
    throw WorkloadError.surprise("no cgroup v2 is mounted: mount -t cgroup2 none /sys/fs/cgroup/unified")
  }
}
