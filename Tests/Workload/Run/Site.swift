import Foundation
import Synchronization

/// Two network namespaces and a veth pair between them: the client, where the connects are made, and the
/// peer, which is all the hosts of `Host`.
final class Site: Sendable {
  let client: Namespace
  let peer: Namespace
  /// Why there is no IPv6 here, if there is none.
  let ipv6Missing: String?
  private let listeners = Mutex<[Sock]>([])
  private let hasRefusedRoutes = Mutex(false)
  private let firewalls = Mutex<[Family: Result<Void, WorkloadError>]>([:])

  static let clientDevice = "wl0"
  static let peerDevice = "wl1"
  static let clientMAC = "02:00:00:00:00:01"
  static let peerMAC = "02:00:00:00:00:02"
  static let source4 = "10.77.0.1"
  static let source6 = "fd77::1"
  /// More addresses of the client: a router answers one source with five ICMP errors, then with one a second.
  static let moreSources4 = (0..<12).map { "10.77.0.\(200 + $0)" }
  /// An address of the client, which the peer has no neighbour entry for.
  static let crossingSource = "10.77.0.251"

  /// Makes it. A router answers for the networks behind it; `linearTimeouts` keeps the kernel's own
  /// schedule of SYNs, which since 6.5 no longer doubles from the first on.
  init(router: Bool = false, linearTimeouts: Bool = false) throws {
    client = try Namespace()
    peer = try Namespace()
    for namespace in [client, peer] { try Scene.write(.ground(Ground(namespace: namespace.inode))) }
    let inet6 = FileManager.default.fileExists(atPath: "/proc/sys/net/ipv6")
    ipv6Missing = inet6 ? nil : "a kernel without /proc/sys/net/ipv6"
    for (namespace, forwards) in [(client, false), (peer, router)] {
      try namespace.run {
        try Self.tune(ipv6: inet6, forwards: forwards, linearTimeouts: linearTimeouts)
      }
    }
    let clientLines = Self.clientLines(peer: peer.path, ipv6: inet6)
    try client.run { try Self.ip(clientLines) }
    let peerLines = Self.peerLines(router: router, ipv6: inet6)
    try peer.run { try Self.ip(peerLines) }
  }

  /// Runs lines of `ip` in the calling thread's namespace.
  static func ip(_ lines: [String]) throws {
    try Command("ip", "-batch", "-", input: lines.joined(separator: "\n") + "\n").run()
  }

  /// Sets what must be set before there are devices.
  private static func tune(ipv6: Bool, forwards: Bool, linearTimeouts: Bool) throws {
    var settings = [
      "ipv4/conf/all/arp_ignore": "8", "ipv4/icmp_ratelimit": "0", "ipv4/tcp_fastopen": "3",
    ]
    if forwards { settings["ipv4/ip_forward"] = "1" }
    if ipv6 {
      settings["ipv6/conf/all/accept_dad"] = "0"
      settings["ipv6/conf/default/accept_dad"] = "0"
      settings["ipv6/icmp/ratelimit"] = "0"
      if forwards { settings["ipv6/conf/all/forwarding"] = "1" }
    }
    for (name, value) in settings { try Sysctl.set(name, value) }
    if !linearTimeouts { try Sysctl.set("ipv4/tcp_syn_linear_timeouts", "0", ifThere: true) }
  }

  private static func clientLines(peer: String, ipv6: Bool) -> [String] {
    let dev = "dev \(clientDevice)"
    var lines = [
      "link set lo up",
      "link add \(clientDevice) address \(clientMAC) type veth "
        + "peer name \(peerDevice) address \(peerMAC) netns \(peer)",
      "link set \(clientDevice) up", "addr add \(source4)/24 \(dev)", "addr add \(crossingSource)/24 \(dev)",
      "route add 10.88.0.0/16 via \(Host.peer.address(.v4))",
      "route add \(Network.late.address(.v4)) via \(Host.lateRouter.address(.v4))",
    ]
    lines += moreSources4.map { "addr add \($0)/32 \(dev)" }
    let neighbours = Host.allCases.filter(\.isNeighbour)
    lines += neighbours.map { "neigh add \($0.address(.v4)) lladdr \(peerMAC) \(dev) nud permanent" }
    if ipv6 {
      lines += ["addr add \(source6)/64 \(dev) nodad", "route add fd88::/16 via \(Host.peer.address(.v6))"]
      lines += neighbours.map { "neigh add \($0.address(.v6)) lladdr \(peerMAC) \(dev) nud permanent" }
    }
    return lines
  }

  private static func peerLines(router: Bool, ipv6: Bool) -> [String] {
    let dev = "dev \(peerDevice)"
    var lines = ["link set lo up", "link set \(peerDevice) up"]
    for family in ipv6 ? [Family.v4, .v6] : [.v4] {
      let (bits, flags, source) = family == .v6 ? ("64", "nodad", source6) : ("24", "", source4)
      lines += Host.allCases.filter(\.isAssigned).map {
        "addr add \($0.address(family))/\(bits) \(dev) \(flags)"
      }
      for address in family == .v6 ? [source] : [source] + moreSources4 {
        lines.append("neigh add \(address) lladdr \(clientMAC) \(dev) nud permanent")
      }
      if router {
        lines.append("route add unreachable \(Network.unreachable.address(family))")
        lines.append("route add prohibit \(Network.prohibited.address(family))")
      }
    }
    return lines
  }

  /// Puts up a listener in the namespace, which stays as long as the site. Nobody accepts: the kernel
  /// completes the handshake, and the backlog is wide.
  func listen(
    _ endpoint: Endpoint, in namespace: Namespace, prepare: @escaping @Sendable (Sock) throws -> Void
  )
    throws
  {
    let sock = try namespace.run {
      let sock = try Sock(endpoint.family == .v4 ? .v4 : .v6)
      try sock.bind(endpoint)
      try prepare(sock)
      try sock.listen(backlog: 4096)
      return sock
    }
    keep(sock)
  }

  /// Keeps a sock open as long as the site.
  func keep(_ sock: Sock) { listeners.withLock { $0.append(sock) } }

  /// Puts up the firewalls of both sides, once; throws `unsupported` if it cannot be.
  func needFirewall(_ family: Family) throws {
    let family = family == .mapped ? .v4 : family
    try firewalls.withLock { made in
      let result =
        made[family]
        ?? Result { () throws(WorkloadError) in
          try Firewall.install(family, client: client, peer: peer)
        }
      made[family] = result
      try result.get()
    }
  }

  /// Types of routes that lead nowhere, and say so.
  static let refusedRoutes = ["unreachable", "prohibit", "blackhole"]

  /// An address the client has no route to, but for those of `refusedRoutes`, numbered so.
  static func beyond(_ family: Family, _ number: Int) -> String {
    family == .v6 ? "fd66:\(String(number + 1, radix: 16))::1" : "10.66.\(number).1"
  }

  /// Gives the client the routes that lead nowhere, and one for multicast, once.
  func needRefusedRoutes() throws {
    try hasRefusedRoutes.withLock { made in
      guard !made else { return }
      var lines = ["route add 224.0.0.0/8 dev \(Self.clientDevice)"]
      for family in ipv6Missing == nil ? [Family.v4, .v6] : [.v4] {
        lines += Self.refusedRoutes.enumerated().map { "route add \($1) \(Self.beyond(family, $0))" }
      }
      let all = lines
      try client.run { try Self.ip(all) }
      made = true
    }
  }
}
