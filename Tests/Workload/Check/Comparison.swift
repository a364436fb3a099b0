/// How a row differs from the attempt it tells of.
struct Difference {
  let field: String
  let expected: String
  let got: String

  var text: String { "\(field): expected \(expected) got \(got)" }
}

extension Attempt {
  /// In a few words.
  var summary: String {
    let how = [outcome.rawValue, errno].compactMap { $0 }.joined(separator: " ")
    return
      "\(comm.debugDescription)[\(pid)] \(saddr ?? "?"):\(sport.map { "\($0)" } ?? "?") > \(daddr):\(dport) \(how)"
  }

  /// Every field of the row that is not as it should be.
  func differences(from row: Row) -> [Difference] {
    var found: [Difference] = []
    func compare<T: Equatable>(_ field: String, _ expected: T, _ got: T?) {
      guard expected != got else { return }
      found.append(Difference(field: field, expected: "\(expected)", got: got.map { "\($0)" } ?? "none"))
    }
    compare("pid", pid, row.pid)
    compare("tid", tid, row.tid)
    compare("uid", uid, row.uid)
    compare("comm", comm.debugDescription, row.comm?.debugDescription)
    compare("ip", ip, row.ip)
    if let saddr { compare("saddr", saddr, row.saddr) }
    if let sport { compare("sport", sport, row.sport) }
    compare("daddr", daddr, row.daddr)
    compare("dport", dport, row.dport)
    if row.outcome != outcomeAlso?.rawValue { compare("outcome", outcome.rawValue, row.outcome) }
    compare("netns", netns, row.netns)
    if row.errno != errno, !(errnoOptional == true && row.errno == nil) {
      found.append(Difference(field: "errno", expected: errno ?? "none", got: row.errno ?? "none"))
    }
    if let retransmits {
      compare("retransmits", retransmits, row.retransmits)
    } else if let least = retransmitsMin, let most = retransmitsMax {
      let isIn = row.retransmits.map { (least...most).contains($0) } ?? (least == 0)
      if !isIn { compare("retransmits", "\(least)...\(most)", row.retransmits.map(String.init)) }
    }
    let range = Double(latencyMin) / 1e6...Double(latencyMax) / 1e6
    if !(row.latency.map { range.contains($0) } ?? false) {
      let got = row.latency.map { "\($0)" }
      compare("latency_ms", "\(range.lowerBound) to \(range.upperBound)", got)
    }
    return found
  }

  /// Whether the row lacks only what the tracepoints of an end do not tell: how often the SYN was sent again, and the
  /// error of a connect that was not refused.
  func isTold(byTracepointsAlone row: Row, but differences: [Difference]) -> Bool {
    guard row.retransmits == nil else { return false }
    let isWithoutError =
      row.outcome == Outcome.failed.rawValue && row.errno == nil && outcome != .established
      && outcome != .refused
    let fields: Set = isWithoutError ? ["retransmits", "outcome", "errno"] : ["retransmits"]
    return fields.isSuperset(of: differences.map(\.field))
  }

  /// How surely the row tells of this attempt, among those to the same port.
  func likeness(to row: Row) -> Int {
    var score = 0
    if let sport, row.sport == sport { score += 8 }
    if row.outcome == outcome.rawValue { score += 4 }
    if row.pid == pid { score += 2 }
    if row.tid == tid { score += 1 }
    if row.daddr == daddr { score += 1 }
    return score
  }
}
