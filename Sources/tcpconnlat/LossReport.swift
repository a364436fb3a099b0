import ConnectLatency

/// Tells what is lost while it is being lost, once a second at most, and at the end.
struct LossReport {
  private let diagnostics: Diagnostics
  /// Whether what a reader has not taken is lost: what comes of a recording is still in there.
  private let countsUnwritten: Bool
  private var told = ""
  private var nextTime: UInt64 = 0

  private static let interval: UInt64 = 1_000_000_000

  init(_ diagnostics: Diagnostics, countsUnwritten: Bool) {
    self.diagnostics = diagnostics
    self.countsUnwritten = countsUnwritten
  }

  /// Says what has been lost so far, if that is more than was said before.
  mutating func tell(_ statistics: Statistics) {
    guard Self.isAny(statistics), case let now = MonotonicClock.now, now >= nextTime else { return }
    let losses = describe(statistics)
    guard losses != told, !losses.isEmpty else { return }
    diagnostics.say("lost so far: \(losses)")
    (told, nextTime) = (losses, now + Self.interval)
  }

  /// Says what was lost in all, if anything was.
  func tellAll(_ statistics: Statistics) {
    let losses = describe(statistics)
    if !losses.isEmpty { diagnostics.say("lost: \(losses)") }
  }

  private static func isAny(_ statistics: Statistics) -> Bool {
    statistics.lost.total | statistics.unpaired.evicted | statistics.unpaired.superseded
      | statistics.rowsUnwritten | statistics.recordsUnwritten != 0
  }

  private func describe(_ statistics: Statistics) -> String {
    let (lost, unpaired) = (statistics.lost, statistics.unpaired)
    var parts: [String] = []
    if lost.total > 0 {
      // Of which kind they were is not always known.
      let records = lost.starts > 0 ? "\(lost.starts) starts and \(lost.ends) ends" : "\(lost.total) records"
      parts.append("\(records) that the kernel had no room for (give a larger --buffer)")
    }
    if unpaired.evicted > 0 {
      parts.append("\(unpaired.evicted) connects that were the oldest of too many (give a larger --max-open)")
    }
    if unpaired.superseded > 0 { parts.append("\(unpaired.superseded) connects whose end did not come") }
    if countsUnwritten, statistics.rowsUnwritten > 0 {
      parts.append("\(statistics.rowsUnwritten) rows that could not be written")
    }
    if countsUnwritten, statistics.recordsUnwritten > 0 {
      parts.append("\(statistics.recordsUnwritten) records that are not in the recording")
    }
    return parts.joined(separator: "; ")
  }
}
