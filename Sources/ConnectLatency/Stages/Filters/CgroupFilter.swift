extension Filter {
  /// Passes connects of cgroups that one of these patterns names. It needs a `CgroupEnricher` before it.
  public static func cgroup(_ patterns: [GlobPattern]) -> Filter {
    Filter { connection in
      guard let cgroup = connection.cgroup else { return false }
      return patterns.contains { pattern in cgroup.names.contains { pattern.matches($0) } }
    }
  }
}
