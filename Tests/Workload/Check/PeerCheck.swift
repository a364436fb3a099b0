import Foundation

/// `check --peer`: counts how many attempts the table of libbpf-tools' tcpconnlat shows at all.
struct PeerCheck {
  let truth: Truth

  private struct Key: Hashable {
    let pid: Int32
    let port: UInt16
    let address: String
    let ip: Int
  }

  /// Prints the counts; a count is no verdict, so that is always true.
  func run(table path: String, isSummary: Bool) throws -> Bool {
    let table = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    var shown: [Key: Int] = [:]
    for line in table.split(separator: "\n") {
      if let key = Self.key(of: line) { shown[key, default: 0] += 1 }
    }
    var total = 0
    var all = 0
    for name in truth.cases {
      let attempts = (truth.attempts[name] ?? []).filter { $0.rows != 0 }
      var seen = 0
      for attempt in attempts {
        let key = Key(pid: attempt.pid, port: attempt.dport, address: attempt.daddr, ip: attempt.ip)
        guard let count = shown[key], count > 0 else { continue }
        shown[key] = count - 1
        seen += 1
      }
      if !isSummary, !attempts.isEmpty { print("\(name)  \(seen) of \(attempts.count)") }
      total += seen
      all += attempts.count
    }
    print("shown \(total) of \(all) attempts")
    return true
  }

  /// `[TIME(s)] PID COMM IP SADDR [LPORT] DADDR DPORT LAT(ms)`. A COMM may have spaces in it, so what follows
  /// is found from the end, and PID from the start.
  private static func key(of line: Substring) -> Key? {
    let words = line.split(separator: " ", omittingEmptySubsequences: true)
    guard words.count >= 7, let port = UInt16(words[words.count - 2]) else { return nil }
    let daddr = String(words[words.count - 3])
    // With -L, the word before DADDR is a port and no address.
    let hasLocalPort = UInt16(words[words.count - 4]) != nil
    let ipIndex = words.count - (hasLocalPort ? 6 : 5)
    guard ipIndex > 0, let ip = Int(words[ipIndex]) else { return nil }
    // With -t, the first word has a fraction.
    let pidIndex = words[0].contains(".") ? 1 : 0
    guard let pid = Int32(words[pidIndex]) else { return nil }
    return Key(pid: pid, port: port, address: daddr, ip: ip)
  }
}
