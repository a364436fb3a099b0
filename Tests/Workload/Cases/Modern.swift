import CWorkload
import Glibc

/// MPTCP, TCP Fast Open and io_uring.
let modernCases: [Case] = [
  Case("mptcp") { scene in
    try scene.blocking(scene.listening(.peer, .v4), mptcp(.v4)).ends(as: .established)
  },
  Case("mptcp-v6-nonblocking") { scene in
    try scene.nonblocking(scene.listening(.peer, .v6), mptcp(.v6)).wait().ends(as: .established)
  },
  Case("mptcp-refused") { scene in
    try scene.blocking(scene.closed(.peer, .v4), mptcp(.v4)).ends(as: .refused)
  },
  // Without a cookie, connect() sends a SYN that asks for one.
  Case("fastopen-connect-without-cookie") { scene in
    try scene.blocking(quick(scene, .cookieA), deferring()).ends(as: .established)
  },
  Case("fastopen-connect-with-cookie") { scene in
    try learnCookie(scene, .cookieB)
    let connect = try deferred(scene.blocking(quick(scene, .cookieB), deferring()))
    try send(connect)
    try connect.wait().ends(as: .established)
  },
  Case("fastopen-connect-refused") { scene in
    try learnCookie(scene, .cookieC)
    let connect = try deferred(scene.nonblocking(scene.closed(.cookieC, .v4), deferring()))
    try send(connect)
    try connect.wait().ends(as: .refused)
  },
  // connect() said 0, nothing was ever sent.
  Case("fastopen-connect-never-sent") { scene in
    try learnCookie(scene, .cookieD)
    let connect = try deferred(scene.blocking(quick(scene, .cookieD), deferring()))
    try connect.abort { connect.sock.close() }
  },
  Case("fastopen-sendto-without-cookie") { scene in try sendTo(scene, quick(scene, .cookieE), .established) },
  Case("fastopen-sendto-with-cookie") { scene in
    try learnCookie(scene, .cookieF)
    try sendTo(scene, quick(scene, .cookieF), .established)
  },
  Case("fastopen-sendto-refused") { scene in try sendTo(scene, scene.closed(.cookieE, .v4), .refused) },
  Case("io-uring") { scene in try ring(scene, scene.listening(.peer, .v4), .established) },
  Case("io-uring-v6") { scene in try ring(scene, scene.listening(.peer, .v6), .established) },
  Case("io-uring-refused") { scene in try ring(scene, scene.closed(.peer, .v4), .refused) },
  Case("io-uring-no-route") { scene in
    var target = try scene.closed(.peer, .v4)
    target.address = "10.66.9.1"
    try ring(scene, target, .failed)
  },
]

/// A socket of MPTCP.
private func mptcp(_ family: Family) throws -> Sock {
  do {
    return try Sock(family, protocol: wl_mptcp)
  } catch {
    throw WorkloadError.unsupported("no MPTCP: \(error)")
  }
}

/// A listener that takes Fast Open.
private func quick(_ scene: Scene, _ host: Host) throws -> Endpoint {
  try scene.listening(host, .v4) { sock in
    do {
      try sock.set(wl_tcp, TCP_FASTOPEN, 16)
    } catch {
      throw WorkloadError.unsupported("no TCP Fast Open: \(error)")
    }
  }
}

/// A socket whose connect() waits for the first send if it has a cookie.
private func deferring() throws -> Sock {
  let sock = try Sock(.v4)
  do {
    return try sock.set(wl_tcp, TCP_FASTOPEN_CONNECT, 1)
  } catch {
    throw WorkloadError.unsupported("no TCP_FASTOPEN_CONNECT: \(error)")
  }
}

/// Makes the kernel know the host's cookie.
private func learnCookie(_ scene: Scene, _ host: Host) throws {
  try scene.blocking(quick(scene, host), deferring()).ends(as: .established)
}

/// A connect whose call said 0 and whose SYN has not been sent.
private func deferred(_ connect: Connect) throws -> Connect {
  guard connect.error == nil, connect.sock.isSynSent else {
    throw WorkloadError.surprise("connect() was not deferred, though there is a cookie")
  }
  connect.isUnderWay = true
  return connect
}

private let word = Array("hello".utf8)

/// The first send, which sends the SYN. What became of it, the end of the connect tells.
private func send(_ connect: Connect) throws {
  let count = Glibc.send(connect.sock.fd, word, word.count, wl_send)
  let errno = Errno.current
  guard count >= 0 || errno == Errno(EINPROGRESS) else { throw WorkloadError.call("send", errno) }
}

/// A connect by sendto().
private func sendTo(_ scene: Scene, _ target: Endpoint, _ outcome: Outcome) throws {
  let connect = try Connect(scene, Sock(.v4), to: target)
  try connect.call {
    try target.withSockaddr {
      sendto(connect.sock.fd, word, word.count, wl_send_connect, $0, $1) < 0 ? Errno.current : nil
    }
  }
  try connect.wait().ends(as: outcome)
}

/// A connect by io_uring.
private func ring(_ scene: Scene, _ target: Endpoint, _ outcome: Outcome) throws {
  var ring = wl_uring()
  let failure = wl_uring_open(&ring)
  guard failure == 0 else {
    throw WorkloadError.unsupported("no io_uring: io_uring_setup: \(Errno(failure))")
  }
  defer { wl_uring_close(&ring) }
  let connect = try Connect(scene, Sock(target.family), to: target)
  try connect.call {
    var result: Int32 = 0
    let failure = try target.withSockaddr { wl_uring_connect(&ring, connect.sock.fd, $0, $1, &result) }
    guard failure == 0 else { throw WorkloadError.call("io_uring_enter", Errno(failure)) }
    return result == 0 ? nil : Errno(-result)
  }
  try connect.ends(as: outcome)
}
