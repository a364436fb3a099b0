/// The hosts on the far side of a site's veth pair. What a host does is told by its address, so that ports
/// stay free to number the attempts.
enum Host: Int, CaseIterable, Sendable {
  /// Answers.
  case peer = 2
  /// Answers, each for a case of its own: whose Fast Open cookie must not be known yet.
  case cookieA = 3
  case cookieB, cookieC, cookieD, cookieE, cookieF
  /// A neighbour entry and nobody behind it: SYNs vanish.
  case silent = 10
  /// No neighbour entry, and nobody to answer for one.
  case absent
  /// Silent, until the case gives the address to the peer.
  case awaited
  /// Answers, but its neighbour entry is missing until the case adds it: until then the SYN waits.
  case late
  case later
  case crossing
  case lateClosed, lateRouter
  /// Behind the peer's firewall.
  case rejectsPort = 20
  case rejectsHost, rejectsAdmin, resets, drops
  /// The same, its neighbour entry missing until the case adds it.
  case lateRejectsPort
  /// Stopped by the client's own firewall.
  case outputDrops = 30
  case outputRejects, outputResets, outputProhibits

  func address(_ family: Family) -> String {
    family == .v6 ? "fd77::" + String(rawValue, radix: 16) : "10.77.0.\(rawValue)"
  }

  /// The peer has this address from the start.
  var isAssigned: Bool {
    switch self {
    case .silent, .absent, .awaited: false
    default: true
    }
  }

  /// The client knows where to send from the start.
  var isNeighbour: Bool {
    switch self {
    case .absent, .late, .later, .crossing, .lateClosed, .lateRouter, .lateRejectsPort: false
    default: true
    }
  }
}

/// Networks behind the peer, which routes them or says why not.
enum Network: Int, Sendable {
  case unreachable = 1
  case prohibited, unrouted
  /// Behind the router whose neighbour entry is missing.
  case late

  func address(_ family: Family) -> String {
    family == .v6 ? "fd88:\(rawValue)::1" : "10.88.\(rawValue).1"
  }
}

extension Endpoint {
  /// Where the client's routes have a connect to here come from.
  var expectedSource: String? {
    if address == "127.0.0.1" || address == "::1" { return address }
    if family == .v6 { return address.hasPrefix("fd77:") || address.hasPrefix("fd88:") ? Site.source6 : nil }
    return address.hasPrefix("10.77.") || address.hasPrefix("10.88.") ? Site.source4 : nil
  }
}
