import CWorkload
import Foundation

/// A network namespace without a name: it goes when the descriptor and its last thread do.
final class Namespace: Sendable {
  private let fd: Int32
  let inode: UInt64

  /// A new one.
  init() throws {
    fd = try onThread {
      try check(wl_unshare_net(), "unshare(CLONE_NEWNET)")
      return try Self.openCurrent()
    }
    inode = try Self.inode(of: fd)
  }

  deinit { close(fd) }

  /// How another process reaches it.
  var path: String { "/proc/\(getpid())/fd/\(fd)" }

  /// Moves the calling thread, and the threads and processes it starts from now on.
  func enter() throws { try check(wl_enter_net(fd), "setns") }

  /// Runs something on a thread of its own in this namespace.
  func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) throws -> R {
    try onThread {
      try self.enter()
      return try body()
    }
  }

  /// The inode of the namespace the calling thread is in.
  static func currentInode() throws -> UInt64 {
    let fd = try openCurrent()
    defer { close(fd) }
    return try inode(of: fd)
  }

  private static func openCurrent() throws -> Int32 {
    try check(wl_open("/proc/thread-self/ns/net", O_RDONLY), "open(/proc/thread-self/ns/net)")
  }

  private static func inode(of fd: Int32) throws -> UInt64 {
    var status = stat()
    try check(fstat(fd, &status), "fstat(namespace)")
    return UInt64(status.st_ino)
  }
}
