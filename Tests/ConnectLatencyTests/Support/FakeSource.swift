@testable import ConnectLatency

/// Records from an array, a batch after the other, in place of the kernel's.
final class FakeSource: RecordSource {
  private var batches: ArraySlice<[Record]>
  /// How many batches have been asked for.
  private(set) var batchesRead = 0
  private let isLive: Bool
  /// What it does while a sink waits for its reader; nil for nothing but waiting.
  var onWait: (((Losses) -> Void) -> Void)?

  /// - Parameter isLive: whether it hands over the rest when it is stopped, as the kernel's does.
  init(_ batches: [[Record]], isLive: Bool = false) {
    self.batches = batches[...]
    self.isLive = isLive
  }

  func stop() -> Bool { isLive && !batches.isEmpty }

  func waitForReader(of descriptor: CInt, onLoss: (Losses) -> Void) {
    if let onWait { onWait(onLoss) } else { DescriptorWait.untilWritable(descriptor) }
  }

  func nextBatch(_ body: (Record) throws(SinkError) -> Void) throws -> Bool {
    guard let batch = batches.popFirst() else { return false }
    batchesRead += 1
    for record in batch { try body(record) }
    return !batches.isEmpty
  }
}

/// A stage that keeps what it sees.
final class Collector: Stage {
  private(set) var connections: [Connection] = []
  private(set) var flushes = 0

  func process(_ connection: inout Connection) -> Verdict {
    connections.append(connection)
    return .pass
  }

  func flush() {
    flushes += 1
  }
}

/// A sink that cannot take the row of a certain number, counted from 1, or cannot flush.
final class BrokenSink: Stage {
  private let error: SinkError
  private let failingRow: Int
  private var rows = 0

  init(_ error: SinkError, atRow failingRow: Int) {
    self.error = error
    self.failingRow = failingRow
  }

  func process(_ connection: inout Connection) throws(SinkError) -> Verdict {
    rows += 1
    if rows == failingRow { throw error }
    return .pass
  }
}
