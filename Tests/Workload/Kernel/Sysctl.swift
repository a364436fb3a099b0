import CWorkload
import Glibc

/// Settings below /proc/sys/net, those of the calling thread's network namespace.
enum Sysctl {
  /// Sets one; a setting this kernel does not have is passed over if it need not be there.
  static func set(_ name: String, _ value: String, ifThere: Bool = false) throws {
    let path = "/proc/sys/net/" + name
    let fd = wl_open(path, O_WRONLY)
    if fd < 0, ifThere, Errno.current == Errno(ENOENT) { return }
    try check(fd, "open(\(path))")
    defer { close(fd) }
    let bytes = Array(value.utf8)
    try check(Int32(write(fd, bytes, bytes.count)), "write(\(path), \(value))")
  }
}
