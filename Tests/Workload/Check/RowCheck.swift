/// `check`: holds the tool's rows against the truth.
struct RowCheck {
  private let truth: Truth
  private let probe: String
  private var exceptions: Exceptions
  /// How many hooks of ends the kernel skipped, for each of which one row may say less.
  private var skippedHooks: Int
  /// The rows to a port, of the workload's namespaces.
  private var rows: [UInt16: [Row]]
  /// Attempts that have exactly their row, and those that ought to.
  private var right = 0
  private var all = 0

  init(truth: Truth, rows: [Row], probe: String, skippedHooks: Int) {
    self.truth = truth
    self.probe = probe
    self.skippedHooks = skippedHooks
    exceptions = Exceptions(probe: probe)
    let pids = Set(truth.attempts.values.joined().map(\.pid))
    let ours = rows.filter { row in
      // A row that does not say where it was is ours if its process is.
      row.netns.map { truth.namespaces.contains($0) } ?? row.pid.map { pids.contains($0) } ?? false
    }
    self.rows = Dictionary(grouping: ours) { $0.dport ?? 0 }
  }

  /// Prints a line for each case, and the counts. Whether all passed.
  mutating func run(isSummary: Bool) -> Bool {
    var passed = 0
    var failed = 0
    func fail(_ name: String, _ problems: [String]) {
      failed += 1
      let more = problems.count > 3 ? " (and \(problems.count - 3) more)" : ""
      print("FAIL \(name): \(problems.prefix(3).joined(separator: "; "))\(more)")
    }
    for name in truth.cases {
      let remark = truth.remarks[name]
      if let reason = remark?.unsupported {
        _ = problems(of: name)  // of what was made before it turned out
        print("skip \(name): \(reason)")
      } else if let error = remark?.error {
        _ = problems(of: name)
        fail(name, ["the workload could not make it: \(error)"])
      } else {
        let problems = problems(of: name) + exceptions.unneeded(for: name).map(\.complaint)
        if problems.isEmpty { passed += 1 } else { fail(name, problems) }
        if problems.isEmpty, !isSummary { print("ok   \(name)  \(truth.attempts[name]?.count ?? 0)") }
      }
    }
    let strays = rows.values.joined().map { "a row nobody made: \($0.summary)" }
    if !strays.isEmpty { fail("strays", strays.sorted()) }
    let unneeded = exceptions.unneeded(for: "*")
    if !unneeded.isEmpty { fail("exceptions", unneeded.map(\.complaint)) }
    if isSummary { print("right \(right) of \(all) attempts") }
    print("\(passed) passed, \(failed) failed")
    return failed == 0
  }

  /// What is wrong with the rows of a case. Takes them away, so that strays are left.
  private mutating func problems(of name: String) -> [String] {
    var problems: [String] = []
    var excused: [String: Exception] = [:]
    let byPort = Dictionary(grouping: truth.attempts[name] ?? [], by: \.dport)
    for (port, attempts) in byPort.sorted(by: { $0.key < $1.key }) {
      var candidates = rows.removeValue(forKey: port) ?? []
      for (attempt, row) in Self.pair(attempts.filter { $0.rows != 0 }, &candidates) {
        let found =
          row.map { attempt.differences(from: $0) }
          ?? [Difference(field: "row", expected: attempt.summary, got: "none")]
        all += 1
        right += found.isEmpty ? 1 : 0
        if let row, !found.isEmpty, skippedHooks > 0, attempt.isTold(byTracepointsAlone: row, but: found) {
          skippedHooks -= 1
          let less = found.map(\.text).joined(separator: "; ")
          print("exception: probe \(probe), case \(name): a hook was skipped: \(less)")
          continue
        }
        for difference in found {
          if let exception = exceptions.excuse(name, difference.field) {
            excused[exception.field] = exception
          } else {
            problems.append("attempt \(attempt.serial): \(difference.text)")
          }
        }
      }
      problems += candidates.map { "one row too many: \($0.summary)" }
    }
    for exception in excused.values {
      print("exception: probe \(probe), case \(name), \(exception.field): \(exception.reason)")
    }
    return problems
  }

  /// Gives every attempt its row, the likest first, and leaves in `rows` those without an attempt. Among
  /// equals the order decides: rows come as attempts end.
  private static func pair(_ attempts: [Attempt], _ rows: inout [Row]) -> [(Attempt, Row?)] {
    var left = rows.map(Optional.some)
    var pairs = attempts.map { ($0, Row?.none) }
    let bySource = Dictionary(grouping: rows.indices) { rows[$0].sport ?? 0 }
    // By source port first: it tells apart all but repeated four-tuples, and bursts are long.
    for (index, attempt) in attempts.enumerated() {
      guard let sport = attempt.sport else { continue }
      let open = (bySource[sport] ?? []).filter { left[$0] != nil }
      guard let best = Self.likest(attempt, open, rows) else { continue }
      pairs[index].1 = left[best]
      left[best] = nil
    }
    for (index, attempt) in attempts.enumerated() where pairs[index].1 == nil {
      let open = rows.indices.filter { left[$0] != nil }
      guard let best = Self.likest(attempt, open, rows) else { break }
      pairs[index].1 = left[best]
      left[best] = nil
    }
    rows = left.compactMap { $0 }
    return pairs
  }

  private static func likest(_ attempt: Attempt, _ indices: [Int], _ rows: [Row]) -> Int? {
    indices.max { attempt.likeness(to: rows[$0]) < attempt.likeness(to: rows[$1]) }
  }
}
