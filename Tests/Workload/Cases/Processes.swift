import CWorkload
import Glibc

/// Who connects: processes of a moment, other users, names that bite.
let processCases: [Case] = [
  Case("brief") { scene in
    let target = try scene.listening(.peer, .v4)
    for number in 0..<20 { try runChild(scene, target, comm: "wl-brief-\(number)") }
  },
  Case("brief-refused") { scene in
    for number in 0..<5 {
      try runChild(scene, scene.closed(.peer, .v6), .refused, comm: "wl-gone-\(number)")
    }
  },
  Case("brief-at-once") { scene in
    let target = try scene.listening(.peer, .v4)
    let children = try (0..<10).map {
      try Child(scene, to: target, ending: WL_EXITS, comm: Array("wl-\($0)".utf8))
    }
    for child in children { try child.start() }
    for child in children { try child.finish(as: .established) }
  },
  Case("uid") { scene in
    for (uid, outcome) in [(1234, Outcome.established), (65534, .refused)] as [(UInt32, Outcome)] {
      let target = try outcome == .refused ? scene.closed(.peer, .v4) : scene.listening(.peer, .v4)
      let child = try Child(scene, to: target, ending: WL_EXITS, uid: uid)
      try child.start()
      try child.finish(as: outcome)
    }
  },
  // An escape sequence, a newline, a quote, a backslash, and a byte no UTF-8 has.
  Case("comm-hostile") { scene in
    let comm: [UInt8] = [0x1b] + Array("[31m\n\t\"\\".utf8) + [0xff] + Array("x".utf8)
    for outcome in [Outcome.established, .refused] {
      let target = try outcome == .refused ? scene.closed(.peer, .v4) : scene.listening(.peer, .v4)
      let child = try Child(scene, to: target, ending: WL_EXITS, comm: comm)
      try child.start()
      try child.finish(as: outcome)
    }
  },
  // The kernel cuts after 15 bytes, here in the middle of a character.
  Case("comm-cut") { scene in try runChild(scene, scene.listening(.peer, .v4), comm: "éééééééé") },
  Case("comm-spaces") { scene in try runChild(scene, scene.listening(.peer, .v4), comm: " a b  4 10.0.0.1") },
]

private func runChild(
  _ scene: Scene, _ target: Endpoint, _ outcome: Outcome = .established, comm: String
) throws {
  let child = try Child(scene, to: target, ending: WL_EXITS, comm: Array(comm.utf8))
  try child.start()
  try child.finish(as: outcome)
}
