import Glibc

/// Connects ended by an ICMP error, or because no neighbour answered.
let unreachableCases: [Case] =
  Family.allCases.flatMap(unreachable) + [
    Case("icmp-port-late", slow: true) { scene in
      try scene.site.needFirewall(.v4)
      try late(.lateRejectsPort, scene.nonblocking(scene.closed(.lateRejectsPort, .v4)), .unreachable)
    },
    Case("router-late", slow: true) { scene in
      var target = try scene.closed(.peer, .v4)
      target.address = Network.late.address(.v4)
      let sock = try Sock(.v4).bind(source(scene, .v4, 8))
      try late(.lateRouter, scene.nonblocking(target, sock), .unreachable)
    },
    Case("icmp-own-firewall", slow: true) { scene in
      try scene.site.needFirewall(.v4)
      try scene.nonblocking(scene.closed(.outputRejects, .v4), Sock(.v4).synCount(2)).wait()
        .ends(as: .unreachable)
    },
  ]

/// What every family can do.
private func unreachable(_ family: Family) -> [Case] {
  let hosts: [(String, Host)] = [
    ("port", .rejectsPort), ("host", .rejectsHost), ("admin", .rejectsAdmin),
  ]
  let networks: [(String, Network)] = [
    ("unreachable", .unreachable), ("prohibited", .prohibited), ("unrouted", .unrouted),
  ]
  let rejected = hosts.map { kind, host in
    Case("icmp-\(kind)-\(family)", slow: true) { scene in
      try scene.site.needFirewall(family)
      let sock = try Sock(family).synCount(2)
      try scene.nonblocking(scene.closed(host, family), sock).wait().ends(as: .unreachable)
    }
  }
  let routed = networks.map { kind, network in
    Case("router-\(kind)-\(family)", slow: true) { scene in
      var target = try scene.closed(.peer, family)
      target.address = network.address(family)
      let sock = try Sock(family).synCount(2).bind(source(scene, family, network.rawValue))
      try scene.nonblocking(target, sock).wait().ends(as: .unreachable)
    }
  }
  return rejected + routed + [
    // Over IPv6 this is the firewall that has connect() say EACCES.
    Case("icmp-own-firewall-admin-\(family)", slow: true) { scene in
      try scene.site.needFirewall(family)
      try scene.blocking(scene.closed(.outputProhibits, family), Sock(family).synCount(2)).ends(
        as: .unreachable)
    },
    Case("router-unrouted-\(family)-blocking", slow: true) { scene in
      var target = try scene.closed(.peer, family)
      target.address = Network.unrouted.address(family)
      try scene.blocking(target, Sock(family).synCount(2).bind(source(scene, family, 0))).ends(
        as: .unreachable)
    },
    Case("no-neighbour-\(family)", slow: true) { scene in
      var target = try scene.closed(.absent, family)
      if family == .mapped { target.address += "1" }
      try scene.nonblocking(target).wait().ends(as: .unreachable, atLeast: 900_000_000)
    },
  ]
}

/// A source that no other case's ICMP errors are counted against.
private func source(_ scene: Scene, _ family: Family, _ number: Int) throws -> Endpoint {
  var source = try scene.source(family)
  if family != .v6 { source.address = Site.moreSources4[(family == .v4 ? 0 : 4) + number] }
  return source
}
