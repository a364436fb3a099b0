import CWorkload
import Glibc

/// Connects the kernel gave up. A site's schedule is the doubling one: 1 s, 2 s, 4 s.
let timeoutCases: [Case] =
  Family.allCases.flatMap(unanswered) + [
    Case("timeout-v4-two-retransmits", slow: true) { scene in
      let sock = try Sock(.v4).synCount(2)
      try scene.nonblocking(scene.closed(.silent, .v4), sock).wait(seconds: 30)
        .ends(as: .timeout, atLeast: 6_800_000_000)
    },
    // From 6.5 on the first SYNs come a second apart, and TCP_SYNCNT 1 sends two of them again.
    Case("timeout-kernel-schedule", slow: true) { scene in
      let site = try Site(linearTimeouts: true)
      let target = try scene.closed(.silent, .v4)
      try site.client.run {
        try scene.nonblocking(target, Sock(.v4).synCount(1)).wait()
          .ends(as: .timeout, atLeast: 1_900_000_000)
      }
    },
    // TCP_USER_TIMEOUT ends it before any SYN was sent again, or after one.
    Case("timeout-user", slow: true) { scene in
      let sock = try Sock(.v4).set(wl_tcp, TCP_USER_TIMEOUT, 500)
      try scene.nonblocking(scene.closed(.silent, .v4), sock).wait().ends(as: .timeout, atLeast: 450_000_000)
    },
    Case("timeout-v4-firewall", slow: true) { scene in
      try scene.site.needFirewall(.v4)
      try scene.nonblocking(scene.closed(.drops, .v4), Sock(.v4).synCount(1)).wait()
        .ends(as: .timeout, atLeast: 2_900_000_000)
    },
    // connect() hears nothing of its own side's DROP either: no EPERM.
    Case("timeout-output-firewall", slow: true) { scene in
      try scene.site.needFirewall(.v4)
      try scene.nonblocking(scene.closed(.outputDrops, .v4), Sock(.v4).synCount(1)).wait()
        .ends(as: .timeout, atLeast: 2_900_000_000)
    },
  ]

/// What every family can do.
private func unanswered(_ family: Family) -> [Case] {
  [
    Case("timeout-\(family)-blocking", slow: true) { scene in
      let sock = try Sock(family).synCount(1).bind(scene.source(family))
      let connect = try scene.blocking(scene.closed(.silent, family), sock)
      connect.truth.retransmits = 1
      try connect.ends(as: .timeout, atLeast: 2_900_000_000)
    },
    Case("timeout-\(family)-nonblocking", slow: true) { scene in
      let sock = try Sock(family).synCount(1)
      try scene.nonblocking(scene.closed(.silent, family), sock).wait()
        .ends(as: .timeout, atLeast: 2_900_000_000)
    },
  ]
}
