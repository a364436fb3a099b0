extension Filter {
  /// Passes connects of these processes, by the pid that the host knows.
  public static func pid(_ pids: Set<UInt32>) -> Filter {
    Filter { $0.start.pid.map(pids.contains) ?? false }
  }

  /// Passes connects of these users.
  public static func uid(_ uids: Set<UInt32>) -> Filter {
    Filter { $0.start.uid.map(uids.contains) ?? false }
  }

  /// Passes connects of tasks with one of these names.
  public static func comm(_ names: [CommPattern]) -> Filter {
    Filter { connection in names.contains { $0.matches(connection.start.comm) } }
  }

  /// Passes connects of socks in these network namespaces, by inode.
  public static func netns(_ inodes: Set<UInt32>) -> Filter {
    Filter { $0.start.netns.map(inodes.contains) ?? false }
  }
}
