extension Filter {
  /// Passes connects of cgroups that one of these patterns names. It needs a `CgroupEnricher` before it.
  public static func cgroup(_ patterns: [GlobPattern]) -> Filter {
    // Connects come in runs, of a few cgroups at a time, and what is known of a cgroup never changes: more knowledge
    // makes another object.
    var verdicts = [(cgroup: Cgroup?, isWanted: Bool)](repeating: (nil, false), count: 64)
    return Filter { connection in
      guard let cgroup = connection.cgroup else { return false }
      let address = UInt(bitPattern: ObjectIdentifier(cgroup))
      let slot = Int((address >> 5 ^ address >> 11) % UInt(verdicts.count))
      if verdicts[slot].cgroup === cgroup { return verdicts[slot].isWanted }
      let isWanted = cgroup.matches(patterns)
      verdicts[slot] = (cgroup, isWanted)
      return isWanted
    }
  }
}
