import CWorkload
import Glibc

/// Calls that are no attempt, and must give no row.
let nothingCases: [Case] = [
  // A sock that is connected already: EISCONN.
  Case("nothing-connected") { scene in
    let connect = try scene.blocking(scene.listening(.peer, .v4))
    try connect.ends(as: .established)
    try nothing(scene, scene.listening(.peer, .v4), connect.sock, EISCONN)
  },
  // A sock whose connect is under way: EALREADY.
  Case("nothing-under-way") { scene in
    let connect = try scene.nonblocking(scene.closed(.silent, .v4))
    try connect.abort {
      try nothing(scene, scene.listening(.peer, .v4), connect.sock, EALREADY)
      connect.sock.close()
    }
  },
  // connect() once more, to learn how the first ended.
  Case("nothing-asked-again") { scene in
    let target = try scene.listening(.peer, .v4)
    let connect = try scene.nonblocking(target)
    guard connect.isUnderWay, try connect.sock.waitWritable(seconds: 10) else {
      throw WorkloadError.surprise("the connect was not under way, or had no end")
    }
    try nothing(scene, target, connect.sock, 0)
    try connect.wait().ends(as: .established)
  },
  Case("nothing-listening") { scene in
    let sock = try Sock(.v4).bind(scene.source(.v4))
    try sock.listen(backlog: 1)
    try nothing(scene, scene.listening(.peer, .v4), sock, EISCONN)
  },
  Case("nothing-udp") { scene in
    let sock = try Sock(.v4, kind: wl_datagram)
    try nothing(scene, scene.listening(.peer, .v4), sock, 0)
    let sock6 = try Sock(.v6, kind: wl_datagram)
    try nothing(scene, scene.listening(.peer, .v6), sock6, 0)
  },
]

/// A call that must return this errno and give no row.
private func nothing(_ scene: Scene, _ target: Endpoint, _ sock: Sock, _ expected: Int32) throws {
  let connect = try Connect(scene, sock, to: target)
  try connect.call()
  guard (connect.error?.code ?? 0) == expected else {
    throw WorkloadError.surprise(
      "connect() gave \(connect.error?.name ?? "no error"), not \(Errno(expected))")
  }
  connect.truth.rows = 0
  connect.truth.errno = connect.error?.name
  try scene.record(connect.truth)
}
