import CWorkload
import Glibc

/// Connects that nobody answers, in a network namespace of their own, for as long as this lives.
final class WaitingConnects: Sendable {
  private let descriptors: [Int32]
  private let namespace: Namespace

  /// Linux looks through the even local ports (14,116 by default) before any odd one, so that more than those to one
  /// address take minutes.
  private static let perAddress = 2_000

  init(_ count: Int) throws {
    var limit = rlimit(rlim_cur: rlim_t(count + 256), rlim_max: rlim_t(count + 256))
    try check(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit), "setrlimit(RLIMIT_NOFILE)")
    namespace = try Namespace()
    descriptors = try namespace.run {
      // What is sent to itself for somebody else is dropped without a word.
      try Command("ip", "link", "set", "lo", "up").run()
      try Command("ip", "addr", "add", "10.99.0.1/32", "dev", "lo").run()
      try Command("ip", "route", "add", "10.99.0.0/16", "dev", "lo").run()
      return try (0..<count).map { number in
        let descriptor = try check(
          socket(AF_INET, wl_stream | wl_cloexec | Int32(SOCK_NONBLOCK.rawValue), 0), "socket")
        let to = Endpoint(.v4, "10.99.\(1 + number / Self.perAddress).1", 80)
        let result = try to.withSockaddr { connect(descriptor, $0, $1) }
        guard result < 0, errno == EINPROGRESS else { throw WorkloadError.call("connect to \(to)", .current) }
        return descriptor
      }
    }
    // Their SYNs are sent again 1, 3, 7, 15 and 31 s after the first, in the time of whichever process runs then: after
    // this none is due for a while.
    sleep(milliseconds: 16_000)
  }

  deinit { for descriptor in descriptors { close(descriptor) } }
}
