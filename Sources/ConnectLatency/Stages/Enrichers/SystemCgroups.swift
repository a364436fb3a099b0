import OrderedCollections

/// The cgroups of the running system.
///
/// The id that a start carries names a directory of the v2 hierarchy, which the kernel opens by that id even when
/// the process is gone; when the directory is gone too, its path is known from when it was made. Where the containers
/// live in v1 hierarchies, the id is of one of those, and `/proc/PID/cgroup` may say more.
public final class SystemCgroups: CgroupDirectory {
  /// Is told every cgroup with its id, as it or more of it becomes known.
  public var onNew: ((_ id: UInt64, _ cgroup: Cgroup) -> Void)?

  private var table = CgroupTable()
  private var pids = PIDsInContainers()
  private var pathIDs = PathIDs()
  /// Of cgroups that were made since tracing began; the first are forgotten when there are too many.
  private var madePaths: OrderedDictionary<UInt64, String> = [:]
  private let names: ContainerNames
  private let unified: CgroupHierarchy?
  private let version1: CgroupHierarchy?
  private let hasVersion1: Bool
  /// The id of the v2 root, once seen on a machine where it says nothing.
  private var rootID: UInt64?

  /// Stands beside ids that are of a v1 hierarchy: CGROUP_VERSION_1.
  private static let version1Mark: UInt64 = 1 << 62
  private static let maximumMade = 4096

  /// - Parameter root: where the file system of the host is mounted, `/` if this is the host.
  public init(root: String = "/") {
    let mounts = CgroupMounts(root: root)
    unified = mounts.unified.flatMap(CgroupHierarchy.init)
    version1 = mounts.version1.flatMap { CgroupHierarchy(mountPoint: $0.path) }
    hasVersion1 = mounts.hasVersion1
    names = ContainerNames(root: root)
  }

  public func resolve(_ start: inout StartRecord) {
    if !hasVersion1,
      case .fresh(let mayNumberProcesses) = table.belief(in: start.raw.cgroup, at: start.time)
    {
      if mayNumberProcesses { number(&start) }
      return
    }
    identify(&start)
    guard let id = start.cgroupID, cgroup(id, at: start.time) != nil else { return }
    if case .fresh(mayNumberProcesses: true) = table.belief(in: id, at: start.time) { number(&start) }
  }

  public func cgroup(_ id: UInt64, at time: UInt64) -> Cgroup? {
    if let cgroup = table.findFresh(id, at: time) { return cgroup }
    if table.isDue(id, at: time) { refresh(id, at: time) }
    return table.find(id)
  }

  /// Takes a cgroup that has just been made.
  ///
  /// A container's files may be gone before its connects are told, so they are read now. For a directory inside of
  /// one they need not be read again, nor for one that nobody may ever connect from.
  public func made(_ cgroup: CgroupRecord) {
    if madePaths.count >= Self.maximumMade { madePaths.removeFirst(Self.maximumMade / 8) }
    madePaths[cgroup.id] = cgroup.path
    let container = ContainerPath(cgroup.path).container
    let parent = cgroup.path[..<(cgroup.path.lastIndex(of: "/") ?? cgroup.path.startIndex)]
    let isContainer = container?.id != nil && container != ContainerPath(parent).container
    // An id that is known belonged to another one, which is gone.
    if isContainer || table.find(cgroup.id) != nil { learn(cgroup.path, id: cgroup.id, at: cgroup.time) }
  }
}

extension SystemCgroups {
  /// Sees to it that the start has an id that the table knows, if there is a way.
  private func identify(_ start: inout StartRecord) {
    let recorded = start.raw.cgroup
    if recorded != 0, recorded != rootID, recorded & Self.version1Mark == 0 {
      if table.find(recorded) != nil { return }
      if let path = path(of: recorded) {
        guard path == "/", hasVersion1 else { return learn(path, id: recorded, at: start.time) }
        rootID = recorded
      }
    }
    guard let pid = start.pid else { return }
    if let id = pathIDs.find(pid: pid, recorded: recorded, at: start.time), table.find(id) != nil {
      start.cgroupID = id
    } else if let id = look(at: pid, recorded: recorded, at: start.time) {
      pathIDs.note(id, pid: pid, recorded: recorded, at: start.time)
      start.cgroupID = id
    }
  }

  /// Finds the cgroup of a process of which the kernel's id says too little, or nothing because the cgroup is gone.
  /// - Returns: an id that the table knows.
  private func look(at pid: UInt32, recorded: UInt64, at time: UInt64) -> UInt64? {
    if let path = livingPath(of: pid), path != table.find(recorded)?.path {
      let id = pathIDs.id(of: path)
      if table.find(id) == nil { learn(path, id: id, at: time) }
      return id
    }
    if recorded != 0, table.find(recorded) == nil {
      // Where process and cgroup are gone, the id is all there is to tell it from others by.
      let path = recorded == 1 ? "/" : path(of: recorded) ?? "cgroup:\(recorded & ~Self.version1Mark)"
      learn(path, id: recorded, at: time)
    }
    return recorded == 0 ? nil : recorded
  }

  /// Tells the start what its process is called in a pid namespace of its own, where the hooks do not.
  @inline(__always)
  private func number(_ start: inout StartRecord) {
    guard start.pidInContainer == nil, let pid = start.pid else { return }
    start.pidInContainer = pids.find(pid, at: start.time)
  }

  /// Looks again at a cgroup that is known.
  private func refresh(_ id: UInt64, at time: UInt64) {
    guard let known = table.find(id) else { return }
    // An id may have been given to another directory; one that is gone keeps the path it had.
    let cgroup = names.describe(cgroupPath: livingPath(ofCgroup: id) ?? known.path)
    // Files may go before the last connect of their container is told: what was known stays.
    let isLess =
      cgroup.path == known.path && known.container?.isNamed == true && cgroup.container?.isNamed != true
    if cgroup != known, !isLess { learn(cgroup, id: id) }
    table.looked(at: id, now: time)
  }

  private func learn(_ path: String, id: UInt64, at time: UInt64) {
    learn(names.describe(cgroupPath: path), id: id)
    table.looked(at: id, now: time)
  }

  private func learn(_ cgroup: Cgroup, id: UInt64) {
    table.insert(cgroup, id: id)
    onNew?(id, cgroup)
  }
}

extension SystemCgroups {
  /// The path that `/proc` has. A process that has exited and waits for its parent is in the root of each v1
  /// hierarchy, so a root counts only where the hooks know no better.
  private func livingPath(of pid: UInt32) -> String? {
    ProcessFiles.cgroupPath(of: pid).flatMap { $0 == "/" && version1 != nil ? nil : $0 }
  }

  /// The path of an id of the kernel's in the hierarchy it is of, unless the cgroup is gone.
  private func livingPath(ofCgroup id: UInt64) -> String? {
    if id >= PathIDs.first { return nil }
    return id & Self.version1Mark == 0
      ? unified?.path(of: id) : version1?.path(of: id & ~Self.version1Mark)
  }

  /// The same, also of a cgroup that is gone if it was made while we looked.
  private func path(of id: UInt64) -> String? {
    livingPath(ofCgroup: id) ?? madePaths[id]
  }
}
