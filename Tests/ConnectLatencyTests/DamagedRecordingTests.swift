import Testing

@testable import ConnectLatency

@Suite("A recording that is not as it was written")
struct DamagedRecordingTests {
  /// Where the blocks of a recording end in the file, and the header before them.
  private static func blockEnds(_ batches: [[Record]]) -> [Int] {
    batches.reduce(into: [RecordingFormat.headerSize]) { ends, batch in
      let entries = batch.map { RecordingFormat.entryHeaderSize + $0.bytes.count - 1 }
      ends.append(entries.reduce(ends[ends.count - 1] + RecordingFormat.blockHeaderSize, +))
    }
  }

  @Test("Cut off at any byte, it gives every record up to its last whole block, and says that it was cut")
  func cutAnywhere() throws {
    let bytes = try recording(of: Record.variety)
    let blockEnds = Self.blockEnds(Record.variety)
    #expect(blockEnds.last == bytes.count)
    for length in 0...bytes.count {
      let replayed = replay(Array(bytes[..<length]))
      let whole = Record.variety.prefix(blockEnds.dropFirst().count { $0 <= length })
      #expect(replayed.records.map(\.bytes) == whole.joined().map(\.bytes), "cut at \(length)")
      switch length {
      case ..<RecordingFormat.magic.count:
        #expect(replayed.error as? RecordingError == .notARecording("test"), "cut at \(length)")
      case _ where blockEnds.contains(length):
        #expect(replayed.error == nil, "cut at \(length)")
      default:
        #expect(replayed.error as? RecordingError == .truncated("test", at: length), "cut at \(length)")
      }
    }
  }

  @Test("Cut off, the rows of its whole blocks are printed before the error is thrown")
  func rowsBeforeCut() throws {
    let bytes = try recording(of: Record.variety)
    let file = try TemporaryFile()
    let source = try RecordingSource(bytes: Array(bytes.dropLast(1)), name: "test")
    let tracer = Tracer(source: source, pipeline: Pipeline([try TableSink(to: file.descriptor)]))
    #expect(throws: RecordingError.truncated("test", at: bytes.count - 1)) { try tracer.run() }
    // The header, and the two connects that end in the first of the two blocks.
    #expect(try file.text.split(separator: "\n").count == 3)
  }

  @Test("Any single bit that flips is noticed, or changes nothing")
  func flippedBit() throws {
    let bytes = try recording(of: Record.variety) { $0.write(cgroup: 42, path: "/a/b.scope") }
    let intact = replay(bytes).records.map(\.bytes)
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let replayed = replay(damaged)
      if replayed.error == nil {
        #expect(replayed.records.map(\.bytes) == intact, "bit \(bit)")
        #expect((16..<RecordingFormat.headerSize).contains(bit / 8), "bit \(bit) is not spare")
      } else {
        #expect(replayed.error is RecordingError, "bit \(bit)")
      }
    }
  }

  @Test("Damage at random is noticed or harmless", arguments: 0..<20 as Range<UInt64>)
  func randomDamage(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let bytes = try recording(of: Record.variety)
    for _ in 0..<100 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = random.bytes(1)[0]
      }
      if damaged[RecordingFormat.headerSize...] != bytes[RecordingFormat.headerSize...] {
        #expect(replay(damaged).error is RecordingError)
      }
    }
  }

  @Test("Bytes at random behind a good header never bring it down", arguments: 0..<20 as Range<UInt64>)
  func garbage(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let header = try recording(of: [])
    for _ in 0..<50 {
      let entries = random.bytes(Int.random(in: 1...600, using: &random))
      let length = UInt32(entries.count)
      // A checksum that fits, so that the entries are looked at.
      let checksum = entries.withUnsafeBytes { RecordingFormat.checksum($0) }
      let error = replay(header + length.bytes + checksum.bytes + entries).error
      #expect(error == nil || error is RecordingError)
    }
  }

  @Test("Rows of a recording that was made up never bring the sinks down", arguments: 0..<20 as Range<UInt64>)
  func madeUp(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let records = (0..<200).flatMap { _ -> [Record] in
      var (start, end) = (StartRecord.sample(), EndRecord.sample(.response))
      withUnsafeMutableBytes(of: &start.raw) { $0.copyBytes(from: random.bytes($0.count)) }
      withUnsafeMutableBytes(of: &end.raw) { $0.copyBytes(from: random.bytes($0.count)) }
      start.raw.header.kind = 1
      end.raw.header.kind = UInt8.random(in: 2...5, using: &random)
      end.raw.header.sock = start.sock
      if random.once(in: 8) { (start.raw.header.time, end.raw.header.time) = (0, UInt64.max) }
      return [.clock(offset: Int64(truncatingIfNeeded: random.next())), .start(start), .end(end)]
    }
    let (table, json) = try rows(of: RecordingSource(bytes: recording(of: [records]), name: "test"))
    #expect(table.split(separator: "\n").count > json.split(separator: "\n").count)
  }

  static let blocks: [(length: UInt32, testName: String)] = [
    (0, "empty"), (4 << 20 + 1, "longer than any"), (UInt32.max, "longest of all"),
  ]

  @Test("A block of a length that none has is damage", arguments: blocks)
  func lengths(length: UInt32, testName: String) throws {
    let header = try recording(of: [])
    #expect(
      replay(header + length.bytes + [0, 0, 0, 0] + [1, 2, 3]).error as? RecordingError
        == .damaged("test", at: 64))
  }

  @Test("A block that a file system left empty at a crash is damage")
  func zeros() throws {
    let bytes = try recording(of: Record.variety)
    let replayed = replay(bytes + [UInt8](repeating: 0, count: 4096))
    #expect(replayed.records.count == 11)
    #expect(replayed.error as? RecordingError == .damaged("test", at: bytes.count))
  }

  static let headers: [(change: @Sendable ([UInt8]) -> [UInt8], error: RecordingError)] = [
    ({ _ in [] }, .notARecording("test")), ({ _ in Array("PID    COMM".utf8) }, .notARecording("test")),
    ({ Array($0[..<7]) }, .notARecording("test")), ({ Array($0[..<40]) }, .truncated("test", at: 40)),
    ({ $0.with(2, at: 8) }, .version("test", found: 2)), ({ $0.with(0, at: 8) }, .version("test", found: 0)),
    ({ $0.swapped(8).swapped(12) }, .byteOrder("test")), ({ $0.with(9, at: 12) }, .notARecording("test")),
  ]

  @Test("What is no recording, or one of another kind, is told apart", arguments: headers)
  func wrongHeader(change: @Sendable ([UInt8]) -> [UInt8], error: RecordingError) throws {
    #expect(throws: error) { try RecordingSource(bytes: change(try recording(of: [])), name: "test") }
    #expect(error.description.hasPrefix("test "))
  }
}

extension [UInt8] {
  fileprivate func with(_ byte: UInt8, at index: Int) -> [UInt8] {
    var changed = self
    changed[index] = byte
    return changed
  }

  /// The same with the four bytes from `index` on the other way round.
  fileprivate func swapped(_ index: Int) -> [UInt8] {
    self[..<index] + self[index..<index + 4].reversed() + self[(index + 4)...]
  }
}
