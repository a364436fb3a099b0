import Foundation
import Testing

/// A trace of this kernel. It needs root and a working probe; without them the tests that use it fail and say so.
struct LiveTrace {
  let running: RunningTool

  /// Starts tracing and waits until the hooks are attached.
  static func start(_ arguments: String...) throws -> LiveTrace {
    try start(["--stats"] + arguments)
  }

  static func start(_ arguments: [String]) throws -> LiveTrace {
    try begin(try RunningTool(arguments))
  }

  private static func begin(_ running: RunningTool) throws -> LiveTrace {
    try #require(getuid() == 0, "tests that trace need root: run tools/test with sudo")
    try running.wait(for: "message that tracing has begun") {
      $0.errorsSoFar.contains("tracing with") || !$0.process.isRunning
    }
    try #require(running.process.isRunning, "tracing does not work here: \(running.errorsSoFar)")
    return LiveTrace(running: running)
  }

  /// Starts what a shell command traces.
  static func start(shell command: String) throws -> LiveTrace {
    try begin(try RunningTool(program: "/bin/bash", ["-c", command]))
  }

  /// Ends it as a user does, with Ctrl-C.
  func interrupt() throws -> Tool {
    try running.finish(signal: SIGINT)
  }
}

/// What the kernel told a program that connected.
struct Attempt {
  /// 0, or the errno of `connect(2)`.
  var error: Int32
  var localPort: UInt16
  var port: UInt16
  /// How long the call took, in milliseconds.
  var milliseconds: Double
}

/// A listening socket on loopback, and connects to it.
final class Listener: Sendable {
  let descriptor: Int32
  let port: UInt16
  let isIPv6: Bool
  private let listens: Bool

  init(isIPv6: Bool = false, listens: Bool = true, backlog: Int32 = 128) throws {
    let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = SocketAddress(isIPv6 ? "::1" : "127.0.0.1", 0)
    let bound = address.withSockaddr { bind(descriptor, $0, $1) }
    try #require(bound == 0)
    if listens { try #require(listen(descriptor, backlog) == 0) }
    port = try #require(SocketAddress.local(of: descriptor)?.port)
    self.descriptor = descriptor
    self.isIPv6 = isIPv6
    self.listens = listens
  }

  deinit { close(descriptor) }

  /// Connects to an address and port of this machine, by default this listener's.
  func connect(from family: Int32? = nil, to host: String? = nil) throws -> Attempt {
    let family = family ?? (isIPv6 ? AF_INET6 : AF_INET)
    let client = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(client) }
    var address = SocketAddress(host ?? (isIPv6 ? "::1" : "127.0.0.1"), port)
    let before = DispatchTime.now().uptimeNanoseconds
    let result = address.withSockaddr { Glibc.connect(client, $0, $1) }
    let error = result == 0 ? 0 : errno
    let after = DispatchTime.now().uptimeNanoseconds
    // Once the queue of those who wait to be accepted is full, the kernel drops SYNs, and connects take minutes.
    if error == 0, listens { close(accept(descriptor, nil, nil)) }
    return Attempt(
      error: error, localPort: SocketAddress.local(of: client)?.port ?? 0, port: port,
      milliseconds: Double(after - before) / 1e6)
  }
}

extension Listener {
  /// Connects so often, takes each connection and resets it: no queue fills up, and no port stays in TIME_WAIT.
  func connect(times count: Int) throws {
    for _ in 0..<count {
      let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var reset = linger(l_onoff: 1, l_linger: 0)
      setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
      var address = SocketAddress("127.0.0.1", port)
      let result = address.withSockaddr { Glibc.connect(client, $0, $1) }
      try #require(result == 0)
      let server = accept(descriptor, nil, nil)
      close(client)
      close(server)
    }
  }
}

/// An address and port as the socket calls take them.
struct SocketAddress {
  private var storage = sockaddr_storage()

  init(_ host: String, _ port: UInt16) {
    withUnsafeMutableBytes(of: &storage) { bytes in
      if host.contains(":") {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        inet_pton(AF_INET6, host, &address.sin6_addr)
        bytes.storeBytes(of: address, as: sockaddr_in6.self)
      } else {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        bytes.storeBytes(of: address, as: sockaddr_in.self)
      }
    }
  }

  private init() {}

  static func local(of descriptor: Int32) -> SocketAddress? {
    var address = SocketAddress()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &address.storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return result == 0 ? address : nil
  }

  /// The same place in both families.
  var port: UInt16 {
    withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
  }

  mutating func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_storage>.size))
      }
    }
  }
}
