import CLinux
import Glibc
import SystemPackage

/// The cgroups of the running system.
///
/// The id that a start carries names a directory of the v2 hierarchy, which the kernel opens by that id even when
/// the process is gone. Where the containers live in v1 hierarchies, `/proc/PID/cgroup` says more; when the process is
/// gone, the id is of one of those hierarchies.
public final class SystemCgroups: CgroupDirectory {
  /// Is told every cgroup with its id, as it or more of it becomes known.
  public var onNew: ((_ id: UInt64, _ cgroup: Cgroup) -> Void)?

  private var table = CgroupTable()
  private var schedule = RefreshSchedule()
  private var pids = PIDsInContainers()
  private let names: ContainerNames
  private let unified: FileDescriptor?
  private let version1: FileDescriptor?
  private let hasVersion1: Bool
  private var idsOfPaths: [String: UInt64] = [:]
  private var recent: (pid: UInt32, time: UInt64, id: UInt64)?

  /// Stands beside ids that are of a v1 hierarchy: CGROUP_VERSION_1.
  private static let version1Mark: UInt64 = 1 << 62
  /// Ids of v1 paths are ours: the kernel has no single one. They are out of the range of inode numbers.
  private static let firstPathID: UInt64 = 1 << 63
  /// How long `/proc/PID/cgroup` is believed for connects of the same process, in nanoseconds.
  private static let belief: UInt64 = 100_000_000
  private static let maximumPaths = 4096

  /// - Parameter root: where the file system of the host is mounted, `/` if this is the host.
  public init(root: String = "/") {
    let mounts = CgroupMounts(root: root)
    unified = mounts.unified.flatMap { try? FileDescriptor.open($0, .readOnly, options: [.closeOnExec]) }
    version1 = mounts.version1.flatMap {
      try? FileDescriptor.open($0.path, .readOnly, options: [.closeOnExec])
    }
    hasVersion1 = mounts.hasVersion1
    names = ContainerNames(root: root)
  }

  deinit {
    try? unified?.close()
    try? version1?.close()
  }

  public func resolve(_ start: inout StartRecord) {
    identify(&start)
    guard let id = start.cgroupID else { return }
    refresh(id, at: start.time)
    // What systemd runs on the host has the host's pids; looking costs more than all the rest.
    guard let pid = start.pid, let cgroup = table.find(id), cgroup.container != nil || cgroup.unit == nil
    else {
      return
    }
    start.pidInContainer = pids.find(pid, at: start.time)
  }

  public func cgroup(_ id: UInt64) -> Cgroup? {
    table.find(id)
  }

  public func refresh(_ id: UInt64, at time: UInt64) {
    guard schedule.isDue(id, at: time), let known = table.find(id) else { return }
    // An id may have been given to another directory; one that is gone keeps the path it had.
    let path = id < Self.firstPathID ? path(of: id, in: unified) ?? known.path : known.path
    let cgroup = names.describe(cgroupPath: path)
    // Files may go before the last connect of their container is told: what was known stays.
    let isLess =
      cgroup.path == known.path && known.container?.isNamed == true && cgroup.container?.isNamed == false
    if cgroup != known, !isLess { learn(cgroup, id: id) }
    schedule.looked(at: id, now: time, foundAll: (isLess ? known : cgroup).isWhole)
  }

  /// The id of the v2 root, once seen on a machine where it says nothing.
  private var rootID: UInt64?

  private var nextPathID = SystemCgroups.firstPathID
}

extension SystemCgroups {
  /// Sees to it that the start has an id that the table knows, if there is a way.
  private func identify(_ start: inout StartRecord) {
    if let id = start.cgroupID, id != rootID, id & Self.version1Mark == 0 {
      if table.find(id) != nil { return }
      if let path = path(of: id, in: unified) {
        guard path == "/", hasVersion1 else { return learn(path, id: id, at: start.time) }
        rootID = id
      }
    }
    guard let pid = start.pid else { return }
    if let recent, recent.pid == pid, start.time < recent.time &+ Self.belief {
      start.cgroupID = recent.id
    } else if let path = livingPath(of: pid) ?? version1Path(of: start.cgroupID) {
      let id = id(ofPath: path, at: start.time)
      recent = (pid, start.time, id)
      start.cgroupID = id
    } else if let id = start.cgroupID, table.find(id) == nil {
      // Process and cgroup are gone: its id is all there is to tell it from others by.
      learn(id == rootID || id == 1 ? "/" : "cgroup:\(id)", id: id, at: start.time)
    }
  }

  /// The path that `/proc` has. A process that has exited and waits for its parent is in the root of each v1
  /// hierarchy, so a root counts only where the hooks know no better.
  private func livingPath(of pid: UInt32) -> String? {
    ProcessFiles.cgroupPath(of: pid).flatMap { $0 == "/" && version1 != nil ? nil : $0 }
  }

  /// The path of an id that the hooks took from a v1 hierarchy.
  private func version1Path(of id: UInt64?) -> String? {
    guard let id, id & Self.version1Mark != 0 else { return id == rootID && id != nil ? "/" : nil }
    return path(of: id & ~Self.version1Mark, in: version1)
  }

  private func learn(_ path: String, id: UInt64, at time: UInt64) {
    let cgroup = names.describe(cgroupPath: path)
    learn(cgroup, id: id)
    schedule.looked(at: id, now: time, foundAll: cgroup.isWhole)
  }

  private func learn(_ cgroup: Cgroup, id: UInt64) {
    table.insert(cgroup, id: id)
    onNew?(id, cgroup)
  }

  private func id(ofPath path: String, at time: UInt64) -> UInt64 {
    if let id = idsOfPaths[path], table.find(id) != nil { return id }
    if idsOfPaths.count >= Self.maximumPaths { idsOfPaths.removeAll(keepingCapacity: true) }
    nextPathID += 1
    idsOfPaths[path] = nextPathID
    learn(path, id: nextPathID, at: time)
    return nextPathID
  }

  /// The path of a directory of a hierarchy, unless it is gone.
  private func path(of id: UInt64, in hierarchy: FileDescriptor?) -> String? {
    guard let hierarchy else { return nil }
    let directory = clinux_open_cgroup(hierarchy.rawValue, id)
    guard directory >= 0 else { return nil }
    defer { close(directory) }
    guard let mountPoint = ProcessFiles.link("/proc/self/fd/\(hierarchy.rawValue)"),
      let path = ProcessFiles.link("/proc/self/fd/\(directory)"), path.hasPrefix(mountPoint)
    else { return nil }
    let below = path.dropFirst(mountPoint.count)
    return below.isEmpty ? "/" : String(below)
  }
}
