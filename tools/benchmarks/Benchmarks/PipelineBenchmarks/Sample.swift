import ConnectLatency

/// Records as a connect over a local network leaves them.
enum Sample {
  private static let peer = IPAddress("10.0.0.20")!
  private static let here = IPAddress("10.0.0.5")!

  static func start(sock: UInt64) -> StartRecord {
    StartRecord(
      time: 1_000_000_000, sock: sock, tid: 4711, pid: 4711, uid: 1000, netns: 4_026_531_840, cgroup: 1,
      comm: Comm("nginx".utf8), destination: peer, destinationPort: 8080)
  }

  static func end(sock: UInt64) -> EndRecord {
    EndRecord(
      kind: .response, time: 1_000_230_000, sock: sock, source: here, sourcePort: 46886, destination: peer,
      destinationPort: 8080)
  }

  static func connection() throws -> Connection {
    var pairer = Pairer()
    pairer.begin(start(sock: 64))
    guard let connection = pairer.end(end(sock: 64)) else { throw Unpaired() }
    return connection
  }

  struct Unpaired: Error {}
}
