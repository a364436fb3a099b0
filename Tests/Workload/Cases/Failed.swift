import CWorkload
import Glibc

/// Connects that failed before any SYN left.
let failedCases: [Case] =
  Family.allCases.flatMap(failed) + [
    Case("failed-no-route-nonblocking") { scene in
      try scene.nonblocking(elsewhere(scene, .v4, 9)).ends(as: .failed)
    },
    Case("failed-ports-exhausted") { scene in try exhausted(scene, .v4) },
    Case("failed-ports-exhausted-v6") { scene in try exhausted(scene, .v6) },
    // The four-tuple is in use by another sock.
    Case("failed-tuple-in-use") { scene in
      let source = try scene.source(.v4)
      let target = try scene.listening(.peer, .v4)
      let first = try scene.blocking(target, Sock(.v4).bind(source))
      try first.ends(as: .established)
      try scene.blocking(target, Sock(.v4).bind(source)).ends(as: .failed)
    },
    Case("failed-v6only-mapped") { scene in
      // Such a sock has no way to IPv4, so this is a connect over IPv6 that fails.
      let mapped = try scene.closed(.peer, .mapped)
      let target = Endpoint(.v6, "::ffff:" + mapped.address, mapped.port)
      let sock = try Sock(.v6).set(wl_ipv6, IPV6_V6ONLY, 1)
      try scene.blocking(target, sock).ends(as: .failed)
    },
    Case("failed-link-local-without-scope") { scene in
      var target = try scene.closed(.peer, .v6)
      target.address = "fe80::77"
      try scene.blocking(target).ends(as: .failed)
    },
    Case("failed-multicast") { scene in
      var target = try scene.closed(.peer, .v4)
      target.address = "224.0.0.77"
      try scene.site.needRefusedRoutes()
      try scene.blocking(target).ends(as: .failed)
    },
    Case("failed-multicast-v6") { scene in
      var target = try scene.closed(.peer, .v6)
      target.address = "ff0e::77"
      try scene.blocking(target).ends(as: .failed)
    },
    Case("failed-broadcast") { scene in
      var target = try scene.closed(.peer, .v4)
      target.address = "10.77.0.255"
      try scene.blocking(target).ends(as: .failed)
    },
  ]

/// What every family can do.
private func failed(_ family: Family) -> [Case] {
  let routes = Site.refusedRoutes.enumerated().map { ($1, $0) }
  return [
    Case("failed-no-route-\(family)") { scene in
      try scene.blocking(elsewhere(scene, family, 9)).ends(as: .failed)
    },
    Case("failed-no-route-\(family)-bound") { scene in
      let sock = try Sock(family).bind(scene.source(family))
      try scene.blocking(elsewhere(scene, family, 9), sock).ends(as: .failed)
    },
  ]
    + routes.map { type, number in
      Case("failed-\(type)-route-\(family)") { scene in
        let target = try elsewhere(scene, family, number)
        try scene.site.needRefusedRoutes()
        try scene.blocking(target).ends(as: .failed)
      }
    }
}

/// An address the client has no route to, unless a case makes one.
private func elsewhere(_ scene: Scene, _ family: Family, _ number: Int) throws -> Endpoint {
  var target = try scene.closed(.peer, family)
  target.address = Site.beyond(family, number)
  return target
}

/// In a namespace with two ports, and both taken.
private func exhausted(_ scene: Scene, _ family: Family) throws {
  let target = try scene.closedLoopback(family)
  try Namespace().run {
    try Site.ip(["link set lo up"])
    try Sysctl.set("ipv4/ip_local_port_range", "40000 40001")
    try scene.listen(target, in: scene.site.client)
    let any = family == .v6 ? "::" : "0.0.0.0"
    let taken = try (0..<2).map { try Sock(family).bind(Endpoint(family, any, 40000 + $0)) }
    try scene.blocking(target).ends(as: .failed)
    for sock in taken { sock.close() }
  }
}
