/// The rules behind the hosts of `Host` that reject and drop, by nft or else by iptables.
enum Firewall {
  /// What becomes of a SYN to a host, and in whose chain.
  private struct Rule {
    let host: Host
    let isOutput: Bool
    let verdict: Verdict
  }

  private enum Verdict {
    case drop, reset, portUnreachable, hostUnreachable, adminProhibited

    func nft(_ family: Family) -> String {
      let v6 = family == .v6
      switch self {
      case .drop: return "drop"
      case .reset: return "reject with tcp reset"
      case .portUnreachable: return "reject with \(v6 ? "icmpv6" : "icmp") type port-unreachable"
      case .hostUnreachable: return v6 ? "reject with icmpv6 type addr-unreachable" : icmp("host-unreachable")
      case .adminProhibited: return v6 ? "reject with icmpv6 type admin-prohibited" : icmp("admin-prohibited")
      }
    }

    private func icmp(_ type: String) -> String { "reject with icmp type \(type)" }

    func iptables(_ family: Family) -> [String] {
      let v6 = family == .v6
      switch self {
      case .drop: return ["-j", "DROP"]
      case .reset: return reject("tcp-reset")
      case .portUnreachable: return reject(v6 ? "icmp6-port-unreachable" : "icmp-port-unreachable")
      case .hostUnreachable: return reject(v6 ? "icmp6-addr-unreachable" : "icmp-host-unreachable")
      case .adminProhibited: return reject(v6 ? "icmp6-adm-prohibited" : "icmp-admin-prohibited")
      }
    }

    private func reject(_ with: String) -> [String] { ["-j", "REJECT", "--reject-with", with] }
  }

  private static let rules = [
    Rule(host: .rejectsPort, isOutput: false, verdict: .portUnreachable),
    Rule(host: .lateRejectsPort, isOutput: false, verdict: .portUnreachable),
    Rule(host: .rejectsHost, isOutput: false, verdict: .hostUnreachable),
    Rule(host: .rejectsAdmin, isOutput: false, verdict: .adminProhibited),
    Rule(host: .resets, isOutput: false, verdict: .reset),
    Rule(host: .drops, isOutput: false, verdict: .drop),
    // The client's own.
    Rule(host: .outputDrops, isOutput: true, verdict: .drop),
    Rule(host: .outputRejects, isOutput: true, verdict: .portUnreachable),
    Rule(host: .outputResets, isOutput: true, verdict: .reset),
    Rule(host: .outputProhibits, isOutput: true, verdict: .adminProhibited),
  ]

  static func install(_ family: Family, client: Namespace, peer: Namespace) throws(WorkloadError) {
    var reasons: [String] = []
    for install in [nft, iptables] {
      do {
        try peer.run { try install(family, false) }
        try client.run { try install(family, true) }
        return
      } catch {
        reasons.append("\(error)")
      }
    }
    throw .unsupported("no firewall: " + reasons.joined(separator: ", and "))
  }

  private static let nft: @Sendable (Family, Bool) throws -> Void = { family, output in
    let table = family == .v6 ? "ip6" : "ip"
    let hook = output ? "output" : "input"
    var lines = ["table \(table) workload {", "chain \(hook) {", "type filter hook \(hook) priority 0;"]
    for rule in rules where rule.isOutput == output {
      lines.append("\(table) daddr \(rule.host.address(family)) meta l4proto tcp \(rule.verdict.nft(family))")
    }
    lines += ["}", "}", ""]
    try Command("nft", "-f", "-", input: lines.joined(separator: "\n")).run()
  }

  private static let iptables: @Sendable (Family, Bool) throws -> Void = { family, output in
    let program = family == .v6 ? "ip6tables" : "iptables"
    for rule in rules where rule.isOutput == output {
      var command = [program, "-A", output ? "OUTPUT" : "INPUT", "-p", "tcp"]
      command += ["-d", rule.host.address(family)] + rule.verdict.iptables(family)
      try Command(command).run()
    }
  }
}
