import CConnectRecord

/// Where this system has its cgroup hierarchies.
struct CgroupMounts {
  /// The mount point of the v2 hierarchy.
  var unified: String?
  /// Whether v1 hierarchies with controllers are mounted too.
  var hasVersion1 = false
  /// The v1 hierarchy whose ids the hooks can tell, and where it is mounted.
  var version1: (controller: cgroup_controller, path: String)?

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
        version1 = (CGROUP_MEMORY, String(fields[1]))
      } else if options.contains("pids"), version1 == nil {
        version1 = (CGROUP_PIDS, String(fields[1]))
      }
    }
  }
}
