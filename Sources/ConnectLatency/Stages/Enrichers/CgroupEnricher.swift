/// Finds the cgroup of each connection.
public final class CgroupEnricher: StartStage {
  private let directory: any CgroupDirectory

  /// - Parameter directory: who knows the cgroups.
  public init(_ directory: any CgroupDirectory) {
    self.directory = directory
  }

  public func started(_ start: inout StartRecord) {
    directory.resolve(&start)
  }

  public func process(_ connection: inout Connection) -> Verdict {
    if let id = connection.start.cgroupID {
      connection.cgroup = directory.cgroup(id, at: connection.end.time)
    }
    return .pass
  }
}

/// Who knows which cgroup an id names: the running system, or a recording of one.
public protocol CgroupDirectory: AnyObject {
  /// Looks at a start while its process is likely to be there, and replaces its cgroup id where the kernel's says
  /// too little: on cgroup v1 every process has the id of the v2 root.
  func resolve(_ start: inout StartRecord)

  /// The cgroup with that id; nil when nothing is known of it.
  /// - Parameter time: now, CLOCK_MONOTONIC in nanoseconds: what is known may be so old that it takes another look.
  func cgroup(_ id: UInt64, at time: UInt64) -> Cgroup?
}
