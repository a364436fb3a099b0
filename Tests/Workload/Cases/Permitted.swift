import CWorkload
import Glibc

/// Connects that a BPF program of their cgroup is asked about before TCP is.
let permittedCases: [Case] = Family.allCases.flatMap { family in
  [
    Case("denied-\(family)") { scene in try denied(scene, family, WL_EXITS) },
    Case("denied-\(family)-nonblocking") { scene in try denied(scene, family, WL_EXITS_INFLIGHT) },
    Case("denied-\(family)-any-address") { scene in
      var target = try scene.closedLoopback(family)
      target.address = family == .v6 ? "::" : "0.0.0.0"
      try connect(scene, to: target, .forbids, as: .failed)
    },
    Case("allowed-\(family)") { scene in
      try connect(scene, to: scene.listening(.peer, family), .allows, as: .established)
      try connect(scene, to: scene.closed(.peer, family), .allows, as: .refused)
    },
    Case("redirected-\(family)") { scene in
      let asked = try scene.closed(.peer, family)
      let given = try scene.listening(.peer, family)
      try connect(scene, to: asked, .redirects(to: given.port), as: .established)
    },
    Case("redirected-\(family)-refused") { scene in
      let given = try scene.closed(.peer, family)
      try connect(
        scene, to: scene.listening(.peer, family), .redirects(to: given.port), as: .refused, at: given.port)
    },
  ]
}

/// Several processes of a forbidden group, one after the other.
private func denied(_ scene: Scene, _ family: Family, _ ending: wl_ending) throws {
  for target in [try scene.listening(.peer, family), try scene.closed(.peer, family)] {
    try connect(scene, to: target, .forbids, as: .failed, ending: ending)
  }
}

/// A connect of a process in a group of its own. Of a refused one no socket says what port it was redirected to.
private func connect(
  _ scene: Scene, to target: Endpoint, _ rule: Cgroup.Rule, as outcome: Outcome, at port: UInt16? = nil,
  ending: wl_ending = WL_EXITS
) throws {
  let group = try Cgroup()
  try group.set(rule, for: target.family)
  let child = try Child(scene, to: target, ending: ending, cgroup: group, redirectedTo: port)
  try child.start()
  try child.finish(as: outcome)
}
