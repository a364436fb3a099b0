import CLinux
import Glibc
import SystemPackage

/// The cgroups of the running system.
///
/// The id that a start carries names a directory of the v2 hierarchy, which the kernel opens by that id even when
/// the process is gone. Where the containers live in v1 hierarchies, the id is the v2 root's and `/proc/PID/cgroup`
/// says more.
public final class SystemCgroups: CgroupDirectory {
  /// Is told every new id with its path, as it becomes known.
  public var onNew: ((_ id: UInt64, _ path: String) -> Void)?

  private var table = CgroupTable()
  private let unified: FileDescriptor?
  private let hasVersion1: Bool
  private var idsOfPaths: [String: UInt64] = [:]
  private var recent: (pid: UInt32, time: UInt64, id: UInt64)?

  /// Ids of v1 paths are ours: the kernel has no single one. They are out of the range of inode numbers.
  private static let firstPathID: UInt64 = 1 << 63
  /// How long `/proc/PID/cgroup` is believed for connects of the same process, in nanoseconds.
  private static let belief: UInt64 = 100_000_000
  private static let maximumPaths = 4096

  /// - Parameter root: where the file system of the host is mounted, `/` if this is the host.
  public init(root: String = "/") {
    let mounts = CgroupMounts(root: root)
    unified = mounts.unified.flatMap { try? FileDescriptor.open($0, .readOnly, options: [.closeOnExec]) }
    hasVersion1 = mounts.hasVersion1
  }

  deinit {
    try? unified?.close()
  }

  public func resolve(_ start: inout StartRecord) {
    if let id = start.cgroupID, id != rootID {
      if table.find(id) != nil { return }
      if let path = unifiedPath(of: id) {
        guard path == "/", hasVersion1 else { return learn(path, id: id) }
        rootID = id
      }
    }
    guard let pid = start.pid else { return }
    if let recent, recent.pid == pid, start.time < recent.time &+ Self.belief {
      start.cgroupID = recent.id
    } else if let path = ProcessFiles.cgroupPath(of: pid) {
      let id = id(ofPath: path)
      recent = (pid, start.time, id)
      start.cgroupID = id
    } else if let id = start.cgroupID, id == rootID {
      learn("/", id: id)
    }
  }

  public func cgroup(_ id: UInt64) -> Cgroup? {
    table.find(id)
  }

  /// The id of the v2 root, once seen on a machine where it says nothing.
  private var rootID: UInt64?

  private func learn(_ path: String, id: UInt64) {
    guard table.find(id)?.path != path else { return }
    table.insert(Cgroup(path: path), id: id)
    onNew?(id, path)
  }

  private func id(ofPath path: String) -> UInt64 {
    if let id = idsOfPaths[path], table.find(id) != nil { return id }
    if idsOfPaths.count >= Self.maximumPaths { idsOfPaths.removeAll(keepingCapacity: true) }
    nextPathID += 1
    idsOfPaths[path] = nextPathID
    learn(path, id: nextPathID)
    return nextPathID
  }

  private var nextPathID = SystemCgroups.firstPathID

  /// The path of a directory of the v2 hierarchy, which may be gone.
  private func unifiedPath(of id: UInt64) -> String? {
    guard let unified else { return nil }
    let directory = clinux_open_cgroup(unified.rawValue, id)
    guard directory >= 0 else { return nil }
    defer { close(directory) }
    guard let path = ProcessFiles.link("/proc/self/fd/\(directory)"), path.hasPrefix(mountPoint) else {
      return nil
    }
    let below = path.dropFirst(mountPoint.count)
    return below.isEmpty ? "/" : String(below)
  }

  private lazy var mountPoint: String =
    unified.flatMap { ProcessFiles.link("/proc/self/fd/\($0.rawValue)") } ?? "/sys/fs/cgroup"
}
