import Glibc

/// Connects answered by a RST.
let refusedCases: [Case] =
  Family.allCases.flatMap(refused) + [
    Case("refused-any-address") { scene in
      var target = try scene.closedLoopback(.v4)
      target.address = "0.0.0.0"
      let connect = try scene.blocking(target)
      // The sock has forgotten where it went. As an established one shows, it went here.
      connect.truth.daddr = "127.0.0.1"
      try connect.ends(as: .refused)
    },
    Case("refused-threads") { scene in
      try scene.concurrently(4) { _ in
        for _ in 0..<3 { try scene.blocking(scene.closed(.peer, .v4)).ends(as: .refused) }
      }
    },
    Case("refused-output-firewall") { scene in
      try scene.site.needFirewall(.v4)
      try scene.nonblocking(scene.closed(.outputResets, .v4)).wait().ends(as: .refused)
    },
  ]

/// What every family can do.
private func refused(_ family: Family) -> [Case] {
  [
    Case("refused-\(family)-loopback") { scene in
      try scene.blocking(scene.closedLoopback(family)).ends(as: .refused)
    },
    Case("refused-\(family)-veth") { scene in
      try scene.blocking(scene.closed(.peer, family)).ends(as: .refused)
    },
    Case("refused-\(family)-nonblocking") { scene in
      try scene.nonblocking(scene.closed(.peer, family)).wait().ends(as: .refused)
    },
    Case("refused-\(family)-nonblocking-loopback") { scene in
      try scene.nonblocking(scene.closedLoopback(family)).wait().ends(as: .refused)
    },
    Case("refused-\(family)-bound") { scene in
      let target = try scene.closed(.peer, family)
      try scene.blocking(target, Sock(family).bind(scene.source(family))).ends(as: .refused)
    },
    Case("refused-\(family)-firewall") { scene in
      try scene.site.needFirewall(family)
      try scene.nonblocking(scene.closed(.resets, family)).wait().ends(as: .refused)
    },
  ]
}
