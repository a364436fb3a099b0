import CWorkload
import Glibc

/// Connects that are answered at once.
let establishedCases: [Case] =
  Family.allCases.flatMap(answered) + [
    Case("v4-any-address") { scene in
      var target = try scene.listeningLoopback(.v4)
      target.address = "0.0.0.0"
      try scene.blocking(target).ends(as: .established)
    },
    Case("v6-any-address") { scene in
      var target = try scene.listeningLoopback(.v6)
      target.address = "::"
      try scene.blocking(target).ends(as: .established)
    },
    Case("mapped-any-address") { scene in
      var target = try scene.listeningLoopback(.mapped)
      target.address = "0.0.0.0"
      try scene.blocking(target).ends(as: .established)
    },
    Case("threads") { scene in
      try scene.concurrently(4) { _ in
        for _ in 0..<3 { try scene.blocking(scene.listening(.peer, .v4)).ends(as: .established) }
      }
    },
    Case("thread-comm") { scene in
      try onThread {
        try check(wl_set_comm("wl-one-thread"), "prctl(PR_SET_NAME)")
        try scene.blocking(scene.listening(.peer, .v4)).ends(as: .established)
      }
    },
    Case("self-connect") { scene in
      let itself = try scene.closedLoopback(.v4)
      try scene.blocking(itself, Sock(.v4).bind(itself)).ends(as: .established)
    },
    Case("second-namespace") { scene in
      let other = try Site()
      let target = try scene.closed(.peer, .v4)
      try scene.listen(target, in: other.peer)
      try other.client.run { try scene.blocking(target).ends(as: .established) }
    },
    // The connection lives in the namespace its sock was made in, wherever its thread has gone since.
    Case("namespace-of-sock") { scene in
      let target = try scene.listening(.peer, .v4)
      let sock = try Sock(.v4)
      let home = scene.site.client.inode
      try Namespace().run {
        let connect = try Connect(scene, sock, to: target)
        try connect.call()
        connect.truth.netns = home
        try connect.ends(as: .established)
      }
    },
  ]

/// What every family can do.
private func answered(_ family: Family) -> [Case] {
  [
    Case("\(family)-loopback") { scene in
      try scene.blocking(scene.listeningLoopback(family)).ends(as: .established)
    },
    Case("\(family)-veth") { scene in
      try scene.blocking(scene.listening(.peer, family)).ends(as: .established)
    },
    Case("\(family)-nonblocking") { scene in
      try scene.nonblocking(scene.listening(.peer, family)).wait().ends(as: .established)
    },
    Case("\(family)-nonblocking-loopback") { scene in
      try scene.nonblocking(scene.listeningLoopback(family)).wait().ends(as: .established)
    },
    Case("\(family)-bound") { scene in
      let target = try scene.listening(.peer, family)
      try scene.blocking(target, Sock(family).bind(scene.source(family))).ends(as: .established)
    },
  ]
}
