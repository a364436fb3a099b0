import CWorkload
import Glibc
import Synchronization

/// A TCP socket, closed when it goes.
final class Sock: Sendable {
  private let descriptor: Mutex<Int32>
  let family: Family
  private let source = Mutex<Endpoint?>(nil)

  init(_ family: Family, protocol number: Int32 = 0, kind: Int32 = wl_stream) throws {
    descriptor = Mutex(try check(socket(family.domain, kind | wl_cloexec, number), "socket"))
    self.family = family
  }

  deinit { close() }

  var fd: Int32 { descriptor.withLock { $0 } }

  /// What the socket was bound to by hand.
  var bound: Endpoint? { source.withLock { $0 } }

  func close() {
    descriptor.withLock {
      if $0 >= 0 { Glibc.close($0) }
      $0 = -1
    }
  }

  @discardableResult
  func nonblocking() throws -> Sock {
    try check(wl_set_nonblocking(fd), "fcntl(O_NONBLOCK)")
    return self
  }

  @discardableResult
  func set(_ level: Int32, _ option: Int32, _ value: Int32) throws -> Sock {
    var value = value
    try check(
      setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size)),
      "setsockopt(\(level), \(option), \(value))")
    return self
  }

  /// How many SYNs are sent again before the kernel gives up.
  @discardableResult
  func synCount(_ count: Int32) throws -> Sock { try set(wl_tcp, TCP_SYNCNT, count) }

  /// A close that drops the connection with a RST.
  @discardableResult
  func lingerZero() throws -> Sock {
    var value = linger(l_onoff: 1, l_linger: 0)
    let size = socklen_t(MemoryLayout<linger>.size)
    try check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, size), "setsockopt(SO_LINGER)")
    return self
  }

  /// A blocking connect returns EINPROGRESS after this.
  @discardableResult
  func sendTimeout(milliseconds: Int) throws -> Sock {
    var value = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
    let size = socklen_t(MemoryLayout<timeval>.size)
    try check(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, size), "setsockopt(SO_SNDTIMEO)")
    return self
  }

  @discardableResult
  func bind(_ endpoint: Endpoint) throws -> Sock {
    try set(SOL_SOCKET, SO_REUSEADDR, 1)
    try check(
      try endpoint.withSockaddr { Glibc.bind(fd, $0, $1) }, "bind(\(endpoint))")
    source.withLock { $0 = endpoint }
    return self
  }

  func listen(backlog: Int32) throws { try check(Glibc.listen(fd, backlog), "listen") }

  /// connect(2): the errno, or nil.
  func connect(_ target: Endpoint) throws -> Errno? {
    try target.withSockaddr { Glibc.connect(fd, $0, $1) < 0 ? Errno.current : nil }
  }

  /// connect(2) to AF_UNSPEC, which undoes a connect.
  func disconnect() throws {
    var nowhere = sockaddr()
    nowhere.sa_family = sa_family_t(AF_UNSPEC)
    let size = socklen_t(MemoryLayout<sockaddr>.size)
    try check(Glibc.connect(fd, &nowhere, size), "connect(AF_UNSPEC)")
  }

  /// SO_ERROR, which reading clears.
  func pendingError() throws -> Errno? {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    try check(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size), "getsockopt(SO_ERROR)")
    return value == 0 ? nil : Errno(value)
  }

  /// The address this end has now.
  var local: Endpoint? { name(getsockname) }
  /// The address of the other end, as the kernel understood it.
  var remote: Endpoint? { name(getpeername) }

  private func name(
    _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> Endpoint? {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(fd, $0, &size) }
    }
    return result < 0 ? nil : Endpoint(storage)
  }

  /// SYNs sent again so far, nil if the kernel does not say.
  var retransmits: Int? {
    let count = wl_retransmits(fd)
    return count < 0 ? nil : Int(count)
  }

  /// The kernel still tries, or has not begun to.
  var isSynSent: Bool { fd >= 0 && wl_is_syn_sent(fd) == 1 }

  /// Waits until the connect has ended; false if it has not in time.
  func waitWritable(seconds: Int32) throws -> Bool {
    var entry = pollfd(fd: fd, events: Int16(POLLOUT), revents: 0)
    return try check(poll(&entry, 1, seconds * 1000), "poll") > 0
  }
}
