import ConnectLatency
import Glibc
import SystemPackage

/// Descriptors 0, 1 and 2, which a parent may have closed: what is opened next would get their numbers, and rows or
/// messages would end up in it.
enum StandardDescriptors {
  /// Opens what need not work in its place, as input and messages.
  /// - Throws: `SinkError` when there is no standard output.
  static func check() throws {
    let isOutputClosed = fcntl(STDOUT_FILENO, F_GETFD) < 0
    // Each open takes the lowest number that is free.
    while case let opened = open("/dev/null", O_RDWR | O_CLOEXEC), opened >= 0 {
      guard opened <= STDERR_FILENO else {
        close(opened)
        break
      }
    }
    if isOutputClosed { throw SinkError.write(to: "standard output", .badFileDescriptor) }
  }
}
