import CWorkload
import Glibc

/// What kind of socket reaches an address.
enum Family: String, Sendable, CaseIterable {
  case v4, v6
  /// An AF_INET6 socket and a v4-mapped address.
  case mapped

  var domain: Int32 { self == .v4 ? AF_INET : AF_INET6 }
  /// As it should be reported.
  var ip: Int { self == .v6 ? 6 : 4 }
}

/// An address and a port, the address written as it should be reported: a mapped one as plain IPv4.
struct Endpoint: Sendable, CustomStringConvertible {
  var family: Family
  var address: String
  var port: UInt16
  /// The interface of a link-local address.
  var scope: UInt32 = 0

  init(_ family: Family, _ address: String, _ port: UInt16) {
    self.family = family
    self.address = address
    self.port = port
  }

  /// Gives the address as the kernel takes it.
  func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) throws -> R {
    var storage = sockaddr_storage()
    let length = try store(in: &storage)
    return withUnsafePointer(to: storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  /// Writes the address as the kernel takes it, and returns its length.
  func store(in storage: inout sockaddr_storage) throws -> socklen_t {
    let bigEndianPort = port.bigEndian
    return try withUnsafeMutableBytes(of: &storage) { bytes in
      if family == .v4 {
        var inet = sockaddr_in()
        inet.sin_family = sa_family_t(AF_INET)
        inet.sin_port = bigEndianPort
        guard inet_pton(AF_INET, address, &inet.sin_addr) == 1 else { throw notAnAddress }
        bytes.storeBytes(of: inet, as: sockaddr_in.self)
        return socklen_t(MemoryLayout<sockaddr_in>.size)
      }
      var inet6 = sockaddr_in6()
      inet6.sin6_family = sa_family_t(AF_INET6)
      inet6.sin6_port = bigEndianPort
      inet6.sin6_scope_id = scope
      let text = family == .mapped ? "::ffff:" + address : address
      guard inet_pton(AF_INET6, text, &inet6.sin6_addr) == 1 else { throw notAnAddress }
      bytes.storeBytes(of: inet6, as: sockaddr_in6.self)
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    }
  }

  private var notAnAddress: WorkloadError { .surprise("\(address) is no \(family) address") }

  /// What the kernel wrote; nil if it is no internet address.
  init?(_ storage: sockaddr_storage) {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let named: (Family, UInt16)? = withUnsafeBytes(of: storage) { bytes in
      switch Int32(storage.ss_family) {
      case AF_INET:
        var inet = bytes.load(as: sockaddr_in.self)
        inet_ntop(AF_INET, &inet.sin_addr, &text, socklen_t(text.count))
        return (.v4, UInt16(bigEndian: inet.sin_port))
      case AF_INET6:
        var inet6 = bytes.load(as: sockaddr_in6.self)
        inet_ntop(AF_INET6, &inet6.sin6_addr, &text, socklen_t(text.count))
        return (.v6, UInt16(bigEndian: inet6.sin6_port))
      default: return nil
      }
    }
    guard let (family, port) = named else { return nil }
    let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let mapped = "::ffff:"
    if family == .v6, address.hasPrefix(mapped), address.contains(".") {
      self.init(.mapped, String(address.dropFirst(mapped.count)), port)
    } else {
      self.init(family, address, port)
    }
  }

  var description: String { family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)" }

  /// No address: what an unbound socket has.
  var isAny: Bool { address == "0.0.0.0" || address == "::" }
}
