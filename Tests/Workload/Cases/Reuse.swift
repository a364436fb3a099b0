import Glibc

/// The same sock, sock pointer or four-tuple again.
let reuseCases: [Case] = [
  Case("sock-refused-then-established") { scene in
    let sock = try Sock(.v4)
    try scene.blocking(scene.closed(.peer, .v4), sock).ends(as: .refused)
    try scene.blocking(scene.listening(.peer, .v4), sock).ends(as: .established)
  },
  Case("sock-refused-then-established-same-port") { scene in
    let sock = try Sock(.v6)
    let target = try scene.closed(.peer, .v6)
    try scene.blocking(target, sock).ends(as: .refused)
    try scene.listen(target, in: scene.site.peer)
    try scene.blocking(target, sock).ends(as: .established)
  },
  Case("sock-refused-five-times") { scene in
    let sock = try Sock(.v4)
    for _ in 0..<5 { try scene.blocking(scene.closed(.peer, .v4), sock).ends(as: .refused) }
  },
  Case("sock-failed-then-established") { scene in
    let sock = try Sock(.mapped)
    var nowhere = try scene.closed(.peer, .mapped)
    nowhere.address = "10.66.9.1"
    try scene.blocking(nowhere, sock).ends(as: .failed)
    try scene.blocking(scene.listening(.peer, .mapped), sock).ends(as: .established)
  },
  Case("sock-disconnected-then-established") { scene in
    let sock = try Sock(.v4)
    try scene.blocking(scene.listening(.peer, .v4), sock).ends(as: .established)
    try sock.disconnect()
    try scene.blocking(scene.listening(.peer, .v4), sock).ends(as: .established)
    try sock.disconnect()
    let third = try scene.nonblocking(scene.closed(.silent, .v4), sock)
    try third.abort { try sock.disconnect() }
  },
  Case("four-tuple-again") { scene in
    let source = try scene.source(.v4)
    let target = try scene.listening(.peer, .v4)
    for _ in 0..<3 {
      let sock = try Sock(.v4).lingerZero().bind(source)
      try scene.blocking(target, sock).ends(as: .established)
      sock.close()
    }
  },
  Case("sock-pointer-again") { scene in
    let target = try scene.listeningLoopback(.v4)
    for _ in 0..<100 {
      let sock = try Sock(.v4)
      try scene.blocking(target, sock).ends(as: .established)
      sock.close()
    }
  },
  // A start without an end must not be paired with the next connect on the same pointer.
  Case("sock-pointer-again-after-abort") { scene in
    let target = try scene.listening(.peer, .v4)
    for _ in 0..<10 {
      let lost = try scene.nonblocking(scene.closed(.silent, .v4))
      try lost.abort(after: 5) { lost.sock.close() }
      let sock = try Sock(.v4)
      try scene.blocking(target, sock).ends(as: .established)
      sock.close()
    }
  },
]
