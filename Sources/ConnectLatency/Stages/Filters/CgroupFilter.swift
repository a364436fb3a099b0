extension Filter {
  /// Passes connects of cgroups that one of these patterns names. It needs a `CgroupEnricher` before it.
  public static func cgroup(_ patterns: [GlobPattern]) -> Filter {
    // Connects come in runs, and what is known of a cgroup never changes: more knowledge makes another object.
    var last: (cgroup: Cgroup, isWanted: Bool)?
    return Filter { connection in
      guard let cgroup = connection.cgroup else { return false }
      if let last, last.cgroup === cgroup { return last.isWanted }
      let isWanted = cgroup.matches(patterns)
      last = (cgroup, isWanted)
      return isWanted
    }
  }
}
