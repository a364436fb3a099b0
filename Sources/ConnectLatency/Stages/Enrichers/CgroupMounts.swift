import CConnectRecord

/// Where this system has its cgroup hierarchies.
struct CgroupMounts {
  /// The mount point of the v2 hierarchy.
  var unified: String?
  /// Whether v1 hierarchies with controllers are mounted too.
  var hasVersion1 = false
  /// The v1 hierarchy whose ids the hooks can tell, its own id, and where it is mounted.
  var version1: (controller: cgroup_controller, hierarchy: UInt32, path: String)?

  /// Reads `/proc/self/mounts`. Where nothing is mounted below `root`, this system's own hierarchies count.
  init(root: String) {
    read(root)
    if unified == nil && !hasVersion1 { read("/") }
  }

  private mutating func read(_ root: String) {
    let base = root.hasSuffix("/") ? String(root.dropLast()) : root
    for line in ProcessFiles.text("/proc/self/mounts", limit: 1 << 20)?.split(separator: "\n") ?? [] {
      let fields = line.split(separator: " ")
      guard fields.count > 3, fields[1].hasPrefix(base + "/") else { continue }
      if fields[2] == "cgroup2", unified == nil { unified = String(fields[1]) }
      guard fields[2] == "cgroup" else { continue }
      hasVersion1 = true
      let options = fields[3].split(separator: ",")
      if options.contains("memory") {
        version1 = (CGROUP_MEMORY, Self.hierarchy(of: "memory"), String(fields[1]))
      } else if options.contains("pids"), version1 == nil {
        version1 = (CGROUP_PIDS, Self.hierarchy(of: "pids"), String(fields[1]))
      }
    }
  }

  /// The id of a controller's hierarchy (`cgroups(7)`, `/proc/cgroups`); 0, which is v2's, when it is not there.
  private static func hierarchy(of controller: String) -> UInt32 {
    for line in ProcessFiles.text("/proc/cgroups", limit: 64 << 10)?.split(separator: "\n") ?? [] {
      let fields = line.split(separator: "\t")
      if fields.count > 1, fields[0] == controller { return UInt32(fields[1]) ?? 0 }
    }
    return 0
  }
}
