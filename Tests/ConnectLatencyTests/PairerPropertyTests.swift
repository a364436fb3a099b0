import CConnectRecord
import Glibc
import Testing

@testable import ConnectLatency

/// The pairer as one would write it with no thought for its cost.
private struct PairerModel {
  var open: [UInt64: (start: StartRecord, reset: UInt64?)] = [:]
  var age: [UInt64] = []
  var losses = Pairer.Losses()
  var starts = 0
  let maximum: Int

  init(maximum: Int) {
    self.maximum = maximum
  }

  mutating func take(_ record: Record) -> Row? {
    switch record {
    case .start(let start):
      starts += 1
      if open[start.sock] != nil {
        losses.superseded += 1
        close(start.sock)
      }
      if open.count == maximum {
        losses.evicted += 1
        close(age[0])
      }
      open[start.sock] = (start, nil)
      age.append(start.sock)
      return nil
    case .end(let end):
      guard let (start, reset) = open[end.sock] else {
        if end.kind != .failed { losses.unmatched += 1 }
        return nil
      }
      if end.kind == .reset {
        open[end.sock]?.reset = end.time
        return nil
      }
      if end.kind == .failed, end.tid != start.tid { return nil }
      close(end.sock)
      let endTime = end.kind == .close ? reset ?? end.time : end.time
      return Row(
        sock: end.sock, port: start.destinationPort, begin: start.time,
        latency: endTime < start.time ? 0 : endTime - start.time,
        outcome: Self.outcome(end, wasReset: reset != nil))
    case .clock, .lost:
      return nil
    }
  }

  private mutating func close(_ sock: UInt64) {
    open[sock] = nil
    age.removeAll { $0 == sock }
  }

  private static func outcome(_ end: EndRecord, wasReset: Bool) -> Outcome {
    if end.kind == .response { return .established }
    if end.kind == .failed { return .failed }
    if end.error == 0 || Int32(end.error) == ECONNABORTED { return .aborted }
    if Int32(end.error) == ETIMEDOUT { return .timeout }
    return Int32(end.error) == ECONNREFUSED && wasReset ? .refused : .unreachable
  }
}

/// What a test looks at in a connection.
private struct Row: Equatable {
  let sock: UInt64
  let port: UInt16
  let begin: UInt64
  let latency: UInt64
  let outcome: Outcome

  init(sock: UInt64, port: UInt16, begin: UInt64, latency: UInt64, outcome: Outcome) {
    self.sock = sock
    self.port = port
    self.begin = begin
    self.latency = latency
    self.outcome = outcome
  }

  init(_ connection: Connection) {
    self.init(
      sock: connection.start.sock, port: connection.start.destinationPort, begin: connection.start.time,
      latency: connection.latency, outcome: connection.outcome)
  }
}

@Suite("Whatever the order of records, the pairer does what a dictionary would")
struct PairerPropertyTests {
  /// Whole attempts on a few sock pointers, one after the other on each, shuffled into one another.
  private static func attempts(
    _ count: Int, socks: Int, _ random: inout SplitMix64
  ) -> [Record] {
    var queues = [[Record]](repeating: [], count: socks)
    for attempt in 0..<count {
      let index = Int.random(in: 0..<socks, using: &random)
      queues[index] += Self.attempt(sock: someSock + UInt64(index) * 64, port: UInt16(attempt), &random)
    }
    var (records, time): ([Record], UInt64) = ([], 1_000)
    while let index = queues.indices.filter({ !queues[$0].isEmpty }).randomElement(using: &random) {
      // CPUs' clocks may differ, so that time runs backwards now and then.
      time =
        time + UInt64.random(in: 0..<5_000, using: &random) - UInt64.random(in: 0..<1_000, using: &random)
      records.append(queues[index].removeFirst().moved(to: max(time, 1)))
      time = max(time, 1_000)
    }
    return records
  }

  private static func attempt(sock: UInt64, port: UInt16, _ random: inout SplitMix64) -> [Record] {
    let start = Record.start(.sample(sock: sock, tid: UInt32.random(in: 1...3, using: &random), port: port))
    func end(_ kind: EndRecord.Kind, tid: UInt32 = 0, error: Int32 = 0) -> Record {
      .end(.sample(kind, sock: sock, tid: tid, error: UInt16(error), port: port))
    }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return [start, end(.reset), end(.close, error: ECONNREFUSED)]
    case 1: return [start, end(.close, error: ECONNREFUSED)]
    case 2: return [start, end(.close, error: ETIMEDOUT)]
    case 3: return [start, end(.close)]
    case 4: return [start, end(.failed, tid: UInt32.random(in: 1...3, using: &random))]
    default: return [start, end(.response)]
    }
  }

  @Test("Complete records make the model's connections, and its counts", arguments: 0..<60 as Range<UInt64>)
  func complete(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let records = Self.attempts(400, socks: Int.random(in: 1...40, using: &random), &random)
    Self.compare(records, maximum: 16)
  }

  @Test("With records lost every start is still accounted for", arguments: 100..<160 as Range<UInt64>)
  func lossy(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let records = Self.attempts(400, socks: Int.random(in: 1...40, using: &random), &random)
    let lossRate = Int.random(in: 2...20, using: &random)
    Self.compare(records.filter { _ in !random.once(in: lossRate) }, maximum: 32)
  }

  @Test("What hooks tell twice makes no difference", arguments: 200..<260 as Range<UInt64>)
  func repeated(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let records = Self.attempts(400, socks: Int.random(in: 1...40, using: &random), &random)
    let repeated = records.flatMap { random.once(in: 3) ? [$0, $0.repeated] : [$0] }
    var once = Pairer(maximumOpen: 64)
    var twice = Pairer(maximumOpen: 64)
    #expect(once.take(records).map(Row.init) == twice.take(repeated).map(Row.init))
    #expect(once.losses == twice.losses && once.openCount == twice.openCount)
    #expect(twice.passedOver >= once.passedOver)
  }

  private static func compare(_ records: [Record], maximum: Int) {
    var model = PairerModel(maximum: maximum)
    var pairer = Pairer(maximumOpen: maximum)
    var rows = 0
    for record in records {
      let expected = model.take(record)
      let found = pairer.take([record]).first.map(Row.init)
      if expected != nil { rows += 1 }
      #expect(found == expected)
    }
    #expect(pairer.losses == model.losses)
    #expect(pairer.openCount == model.open.count)
    #expect(
      UInt64(model.starts)
        == UInt64(rows + pairer.openCount) + pairer.losses.superseded + pairer.losses.evicted)
  }
}

extension Record {
  /// The same once more, as a hook tells it that cannot know of the first.
  fileprivate var repeated: Record {
    switch self {
    case .start(var start):
      start.raw.header.flags |= UInt8(RECORD_MAYBE_REPEATED.rawValue)
      return .start(start)
    case .end(var end):
      end.raw.header.flags |= UInt8(RECORD_MAYBE_REPEATED.rawValue)
      return .end(end)
    case .clock, .lost: return self
    }
  }

  /// The same at another time.
  fileprivate func moved(to time: UInt64) -> Record {
    switch self {
    case .start(var start):
      start.raw.header.time = time
      return .start(start)
    case .end(var end):
      end.raw.header.time = time
      return .end(end)
    case .clock, .lost: return self
    }
  }
}
