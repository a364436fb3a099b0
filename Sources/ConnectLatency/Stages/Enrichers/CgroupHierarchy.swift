import CLinux
import Glibc
import SystemPackage

/// A mounted hierarchy of cgroups, whose directories the kernel opens by their ids.
final class CgroupHierarchy {
  private let root: FileDescriptor

  /// Nil when the directory cannot be opened.
  init?(mountPoint: String) {
    guard let root = try? FileDescriptor.open(mountPoint, .readOnly, options: [.closeOnExec]) else {
      return nil
    }
    self.root = root
  }

  deinit {
    try? root.close()
  }

  /// The path of a directory below the root of the hierarchy; nil when it is gone, or without CAP_DAC_READ_SEARCH.
  func path(of id: UInt64) -> String? {
    let directory = clinux_open_cgroup(root.rawValue, id)
    guard directory >= 0 else { return nil }
    defer { close(directory) }
    guard let mountPoint = ProcessFiles.link("/proc/self/fd/\(root.rawValue)"),
      let path = ProcessFiles.link("/proc/self/fd/\(directory)"), path.hasPrefix(mountPoint)
    else { return nil }
    let below = path.dropFirst(mountPoint.count)
    return below.isEmpty ? "/" : String(below)
  }
}
