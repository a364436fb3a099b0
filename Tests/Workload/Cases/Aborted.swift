import CWorkload
import Glibc

/// Connects whose application ended them.
let abortedCases: [Case] =
  Family.allCases.map { family in
    Case("aborted-close-\(family)") { scene in
      let connect = try scene.nonblocking(scene.closed(.silent, family))
      try connect.abort { connect.sock.close() }
    }
  } + [
    Case("aborted-close-retransmitted") { scene in
      let connect = try scene.nonblocking(scene.closed(.silent, .v4))
      try connect.abort(after: 1500) { connect.sock.close() }
    },
    Case("aborted-linger-zero") { scene in
      let connect = try scene.nonblocking(scene.closed(.silent, .v4), Sock(.v4).lingerZero())
      try connect.abort { connect.sock.close() }
    },
    Case("aborted-disconnect") { scene in
      let connect = try scene.nonblocking(scene.closed(.silent, .v4))
      try connect.abort { try connect.sock.disconnect() }
    },
    Case("aborted-disconnect-v6") { scene in
      let connect = try scene.nonblocking(scene.closed(.silent, .v6))
      try connect.abort { try connect.sock.disconnect() }
    },
    Case("aborted-shutdown") { scene in
      let connect = try scene.nonblocking(scene.closed(.silent, .v4))
      try connect.abort { try check(shutdown(connect.sock.fd, Int32(SHUT_RDWR)), "shutdown") }
    },
    // The application's own limit, as many clients have one: the call returns, and the sock is closed.
    Case("aborted-send-timeout") { scene in
      let sock = try Sock(.v4).sendTimeout(milliseconds: 100)
      let connect = try scene.blocking(scene.closed(.silent, .v4), sock)
      try connect.abort { connect.sock.close() }
    },
    Case("aborted-killed") { scene in
      let child = try Child(
        scene, to: scene.closed(.silent, .v4), ending: WL_HOLDS, source: scene.source(.v4))
      try child.start()
      try child.killInConnect()
    },
    Case("aborted-killed-v6") { scene in
      let child = try Child(
        scene, to: scene.closed(.silent, .v6), ending: WL_HOLDS, source: scene.source(.v6))
      try child.start()
      try child.killInConnect()
    },
    Case("aborted-exit") { scene in
      let child = try Child(scene, to: scene.closed(.silent, .v4), ending: WL_EXITS_INFLIGHT)
      try child.start()
      try child.finish(as: .aborted)
    },
    // As most applications do: the call returned, poll() wakes, SO_ERROR names the ICMP, and the sock is closed.
    Case("aborted-icmp") { scene in
      try scene.site.needFirewall(.v4)
      try scene.nonblocking(scene.closed(.rejectsHost, .v4), Sock(.v4).synCount(2)).closeWhenWoken()
    },
    Case("aborted-ss-kill") { scene in
      let connect = try scene.nonblocking(scene.closed(.silent, .v4))
      do {
        try Command("ss", "-K", "-n", "-t", "state", "syn-sent", "dport", "=", ":\(connect.target.port)")
          .run()
        try connect.wait(seconds: 2)
      } catch {
        let reason = WorkloadError.unsupported("`ss -K` did not end it: \(error)")
        try connect.abort { connect.sock.close() }
        throw reason
      }
      connect.truth.errnoOptional = true
      try connect.ends(as: .aborted)
    },
  ]
