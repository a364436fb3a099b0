import CWorkload
import Foundation

/// The hidden subcommand: makes the cases of one group, and writes their truth to standard output.
enum SceneProgram {
  static func run(group: Group, cases names: Set<String>, burst: Int) throws {
    wl_die_with_parent()
    try check(wl_set_comm("connect-workload"), "prctl(PR_SET_NAME)")
    signal(SIGPIPE, SIG_IGN)
    let cases = group.cases.filter { names.contains($0.name) }
    let site: Site
    do {
      site = try group.makeSite()
      try site.client.enter()
    } catch {
      for item in cases { try remark(item, "no network namespaces for it: \(error)") }
      return
    }
    let ports = Ports(group.ports)
    let make: @Sendable (Case) throws -> Void = { item in
      try perform(item, Scene(name: item.name, site: site, ports: ports, burst: burst))
    }
    let slow = cases.filter(\.isSlow).map { item in Work { try make(item) } }
    for item in cases where !item.isSlow { try make(item) }
    for thread in slow { try thread.join() }
  }

  private static func perform(_ item: Case, _ scene: Scene) throws {
    do {
      try item.run(scene)
      try Scene.write(.remark(Remark(name: item.name, done: true)))
    } catch WorkloadError.unsupported(let reason) {
      try Scene.write(.remark(Remark(name: item.name, unsupported: reason)))
    } catch {
      try remark(item, "\(error)")
    }
  }

  private static func remark(_ item: Case, _ error: String) throws {
    try Scene.write(.remark(Remark(name: item.name, error: error)))
  }
}
