import Foundation
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import ConnectLatency

@Suite("The tracer takes records from a source, through the pairer, along the row")
struct TracerTests {
  /// So many connects in each batch.
  private static func batches(_ count: Int, of size: Int) -> [[Record]] {
    (0..<count).map { batch in
      (0..<size).flatMap { index -> [Record] in
        let time = UInt64(batch * size + index) * 100
        return [.start(.sample(at: time)), .end(.sample(.response, at: time + 50))]
      }
    }
  }

  @Test("Its statistics say what became of every record")
  func statistics() throws {
    let records: [[Record]] = [
      [
        .clock(offset: 5), .start(.sample(at: 100)), .end(.sample(.response, at: 200)),
        .start(.sample(at: 300)),
        .lost(Losses(starts: 1)),
      ],
      [
        .start(.sample(at: 400)), .end(.sample(.response, at: 450, port: 81)), .end(.sample(.response)),
        .start(.sample(port: 443)), .end(.sample(.response)), .start(.sample()),
        .lost(Losses(starts: 3, ends: 2)),
      ],
    ]
    let tracer = Tracer(
      source: FakeSource(records), pipeline: Pipeline([Filter.destinationPort(in: [80...80])]))
    try tracer.run()
    #expect(
      tracer.statistics
        == Statistics(
          recordsRead: 9, recordsPassedOver: 0, rowsShown: 2, rowsFiltered: 1,
          lost: Losses(starts: 3, ends: 2),
          unpaired: Pairer.Losses(superseded: 1, unmatched: 1), stillOpen: 1))
    #expect(tracer.statistics.lost.total == 5)
  }

  @Test("How many may be open is as it was told")
  func bound() throws {
    let starts = (0..<20).map { Record.start(.sample(sock: someSock + UInt64($0) * 64)) }
    let tracer = Tracer(source: FakeSource([starts]), pipeline: Pipeline([]), maximumOpen: 16)
    try tracer.run()
    #expect(tracer.statistics.unpaired.evicted == 4 && tracer.statistics.stillOpen == 16)
  }

  @Test("Rows are flushed once for each batch")
  func flushes() throws {
    let collector = Collector()
    try Tracer(source: FakeSource(Self.batches(3, of: 4)), pipeline: Pipeline([collector])).run()
    #expect(collector.connections.count == 12)
    #expect(collector.flushes == 3)
  }

  @Test("A limit ends tracing with its batch, and no further one is asked for")
  func limit() throws {
    let (source, collector) = (FakeSource(Self.batches(5, of: 4)), Collector())
    let tracer = Tracer(source: source, pipeline: Pipeline([CountLimit(6), collector]))
    try tracer.run()
    #expect(collector.connections.count == 6)
    #expect(source.batchesRead == 2)
    #expect(collector.flushes == 2)
    #expect(tracer.statistics.rowsShown == 6)
  }

  @Test("A sink that cannot write ends tracing with its error", arguments: [1, 3, 9])
  func brokenSink(row: Int) {
    let source = FakeSource(Self.batches(3, of: 4))
    let collector = Collector()
    let tracer = Tracer(
      source: source, pipeline: Pipeline([collector, BrokenSink(.other("no more paper"), atRow: row)]))
    #expect(throws: SinkError.other("no more paper")) { try tracer.run() }
    // The rest of its batch is still taken: other sinks have no part in the failure.
    let batches = (row + 3) / 4
    #expect(collector.connections.count == batches * 4)
    #expect(source.batchesRead == batches)
    #expect(tracer.statistics.rowsShown == UInt64(batches * 4 - 1) && tracer.statistics.rowsUnwritten == 1)
  }

  @Test("After a failure, what a live source holds is taken and counted; of a recording nothing more is read")
  func drains() throws {
    for (isLive, batches) in [(true, 3), (false, 1)] {
      let full = try FileDescriptor.open("/dev/full", .writeOnly)
      defer { try? full.close() }
      let source = FakeSource(Self.batches(3, of: 4), isLive: isLive)
      let collector = Collector()
      let tracer = Tracer(source: source, pipeline: Pipeline([collector, JSONSink(to: full)]))
      #expect(throws: SinkError.self) { try tracer.run() }
      #expect(source.batchesRead == batches && collector.connections.count == batches * 4)
      #expect(tracer.statistics.rowsShown == 0 && tracer.statistics.rowsUnwritten == UInt64(batches * 4))
    }
  }

  @Test("A recording that cannot be written costs no row, and its records are counted")
  func brokenRecording() throws {
    signal(SIGPIPE, SIG_IGN)
    let path = FileManager.default.temporaryDirectory.appending(path: "tcpconnlat-test-\(UUID())").path()
    #expect(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let reader = try FileDescriptor.open(path, .readOnly, options: .nonBlocking)
    let recorder = try RecordingWriter(path: path)
    try reader.close()
    let collector = Collector()
    let tracer = Tracer(
      source: FakeSource(Self.batches(3, of: 4), isLive: true), pipeline: Pipeline([collector]),
      recorder: recorder)
    #expect(throws: SinkError.readerGone) { try tracer.run() }
    #expect(collector.connections.count == 12)
    #expect(tracer.statistics.recordsUnwritten == 24 && tracer.statistics.rowsShown == 12)
  }

  @Test("A full disk is told as what it is, with its name")
  func fullDisk() throws {
    let full = try FileDescriptor.open("/dev/full", .writeOnly)
    defer { try? full.close() }
    let expected = SinkError.write(to: "rows", .noSpace)
    #expect(throws: expected) { try TableSink(to: full, named: "rows") }
    let tracer = Tracer(
      source: FakeSource(Self.batches(2, of: 2)), pipeline: Pipeline([JSONSink(to: full, named: "rows")]))
    #expect(throws: expected) { try tracer.run() }
    #expect(expected.description == "cannot write to rows: No space left on device")
  }

  @Test("A reader that has gone is told apart from a failure")
  func readerGone() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = try FileDescriptor.pipe()
    defer { try? pipe.writeEnd.close() }
    let sink = try TableSink(to: pipe.writeEnd)
    try pipe.readEnd.close()
    let tracer = Tracer(source: FakeSource(Self.batches(1, of: 1)), pipeline: Pipeline([sink]))
    #expect(throws: SinkError.readerGone) { try tracer.run() }
  }

  @Test("A reader that is slow gets every byte, even where the descriptor does not block")
  func slowReader() throws {
    let pipe = try FileDescriptor.pipe()
    #expect(fcntl(pipe.writeEnd.rawValue, F_SETFL, O_NONBLOCK) == 0)
    let isDone = DispatchSemaphore(value: 0)
    let counter = LineCounter()
    // A thread of its own: the writer waits for it, so it must not wait for a place among the tests.
    Thread.detachNewThread {
      counter.count(in: pipe.readEnd)
      isDone.signal()
    }
    let sink = try TableSink(to: pipe.writeEnd)
    try Tracer(source: FakeSource(Self.batches(2, of: 5000)), pipeline: Pipeline([sink])).run()
    try pipe.writeEnd.close()
    isDone.wait()
    #expect(counter.lines == 10_001)
    try pipe.readEnd.close()
  }

  @Test("A source is left to wait for a reader that is slow, and what it loses meanwhile is counted at once")
  func waitingSource() throws {
    let pipe = try FileDescriptor.pipe()
    let source = FakeSource(Self.batches(3, of: 1000))
    let rows = Mutex<[UInt8]>([])
    var (told, waits): ([UInt64], UInt64) = ([], 0)
    source.onWait = { onLoss in
      waits += 1
      onLoss(Losses(starts: waits))
      rows.withLock { $0 += pipe.readEnd.readAll() }
    }
    let tracer = Tracer(source: source, pipeline: Pipeline([JSONSink(to: pipe.writeEnd)]))
    tracer.onBatch = { [unowned tracer] in told.append(tracer.statistics.lost.starts) }
    try tracer.run()
    try pipe.writeEnd.close()
    rows.withLock { $0 += pipe.readEnd.readAll() }
    try pipe.readEnd.close()
    // A pipe has room for 64 KB, so that this takes it several times.
    #expect(waits > 3)
    #expect(tracer.statistics.lost.starts == waits && told.contains(1) && told.contains(waits))
    #expect(tracer.statistics.rowsShown == 3000)
    #expect(rows.withLock { $0.count { $0 == UInt8(ascii: "\n") } } == 3000)
  }

  @Test("A file is written without asking whether it can be")
  func file() throws {
    let source = FakeSource(Self.batches(1, of: 1000))
    source.onWait = { _ in Issue.record("a file has no reader to wait for") }
    let file = try TemporaryFile()
    try Tracer(source: source, pipeline: Pipeline([JSONSink(to: file.descriptor)])).run()
    #expect(try file.bytes.count { $0 == UInt8(ascii: "\n") } == 1000)
  }

  /// Counts lines until the other end is closed.
  private final class LineCounter: Sendable {
    private let total = Mutex(0)
    var lines: Int { total.withLock { $0 } }

    func count(in descriptor: FileDescriptor) {
      withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
        while let read = try? descriptor.read(into: buffer), read > 0 {
          let newlines = buffer[..<read].count { $0 == UInt8(ascii: "\n") }
          total.withLock { $0 += newlines }
        }
      }
    }
  }

  /// A source that fails after its first batch.
  private final class FailingSource: RecordSource {
    private var isFirst = true

    func nextBatch(_ body: (Record) throws(SinkError) -> Void) throws -> Bool {
      guard isFirst else { throw Errno.ioError }
      isFirst = false
      try body(.start(.sample()))
      try body(.end(.sample(.response)))
      return true
    }
  }

  @Test("What a source throws arrives after the rows before it")
  func failingSource() {
    let collector = Collector()
    let tracer = Tracer(source: FailingSource(), pipeline: Pipeline([collector]))
    #expect(throws: Errno.ioError) { try tracer.run() }
    #expect(collector.connections.count == 1 && collector.flushes == 1)
  }
}

extension FileDescriptor {
  /// What can be read now.
  fileprivate func readAll() -> [UInt8] {
    var ready = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
    var bytes: [UInt8] = []
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      while poll(&ready, 1, 0) > 0, let count = try? read(into: buffer), count > 0 {
        bytes += buffer[..<count]
      }
    }
    return bytes
  }
}
