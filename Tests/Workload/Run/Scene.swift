import CWorkload
import Foundation
import Synchronization

/// What a case works with: its site, its ports, and where it writes what happened.
struct Scene: Sendable {
  let name: String
  let site: Site
  let ports: Ports
  let burst: Int

  /// Writes an attempt down.
  func record(_ attempt: Attempt) throws { try Self.write(.attempt(attempt)) }

  /// Writes a line of truth for the program that started this scene: one write, so that lines stay whole.
  static func write(_ line: TruthLine) throws {
    let bytes = Array(try line.json())
    try output.withLock { fd in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
        try check(Int32(count), "write(truth)")
        rest = rest.dropFirst(count)
      }
    }
  }
  private static let output = Mutex<Int32>(1)

  // MARK: Places to connect to

  /// A port nobody listens on, never given out before.
  func closed(_ host: Host, _ family: Family) throws -> Endpoint {
    try needs(family)
    return Endpoint(family, host.address(family), try ports.next())
  }

  /// The same on loopback.
  func closedLoopback(_ family: Family) throws -> Endpoint {
    try needs(family)
    return Endpoint(family, family == .v6 ? "::1" : "127.0.0.1", try ports.next())
  }

  /// Somebody listening on the far side.
  func listening(
    _ host: Host, _ family: Family, prepare: @escaping @Sendable (Sock) throws -> Void = { _ in }
  ) throws -> Endpoint {
    let target = try closed(host, family)
    try listen(target, in: site.peer, prepare: prepare)
    return target
  }

  /// Somebody listening on loopback.
  func listeningLoopback(_ family: Family) throws -> Endpoint {
    let target = try closedLoopback(family)
    try listen(target, in: site.client)
    return target
  }

  /// A listener for a port, on every address of the namespace.
  func listen(
    _ target: Endpoint, in namespace: Namespace, prepare: @escaping @Sendable (Sock) throws -> Void = { _ in }
  ) throws {
    let any = target.family == .v6 ? Endpoint(.v6, "::", target.port) : Endpoint(.v4, "0.0.0.0", target.port)
    try site.listen(any, in: namespace, prepare: prepare)
  }

  /// A source to bind to, with a port never given out before.
  func source(_ family: Family) throws -> Endpoint {
    Endpoint(family, family == .v6 ? Site.source6 : Site.source4, try ports.next())
  }

  private func needs(_ family: Family) throws {
    if family != .v4, let why = site.ipv6Missing { throw WorkloadError.unsupported(why) }
  }

  // MARK: Connecting

  /// A connect(2) that blocks.
  func blocking(_ target: Endpoint, _ sock: Sock? = nil) throws -> Connect {
    let connect = try Connect(self, try sock ?? Sock(target.family), to: target)
    try connect.call()
    return connect
  }

  /// A connect(2) that does not, and is still under way unless it failed.
  func nonblocking(_ target: Endpoint, _ sock: Sock? = nil) throws -> Connect {
    let connect = try Connect(self, try (sock ?? Sock(target.family)).nonblocking(), to: target)
    try connect.call()
    return connect
  }

  /// Runs these at the same time, each in a thread of its own.
  func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let threads = (0..<count).map { number in Work { try body(number) } }
    let results = threads.map { thread in Result { try thread.join() } }
    for result in results { try result.get() }
  }
}

/// Gives out port numbers, each once.
final class Ports: Sendable {
  private let state: Mutex<Int>
  private let end: Int

  init(_ ports: Range<Int>) {
    state = Mutex(ports.lowerBound)
    end = ports.upperBound
  }

  func next() throws -> UInt16 {
    try state.withLock { next in
      guard next < end else { throw WorkloadError.surprise("out of ports") }
      defer { next += 1 }
      return UInt16(next)
    }
  }
}
