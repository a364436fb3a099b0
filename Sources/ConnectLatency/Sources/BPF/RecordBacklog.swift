import CConnectRecord

/// Records that were taken out of the ring buffer while the reader of the rows did not read: a queue of bytes that takes
/// no memory while it is empty.
final class RecordBacklog {
  private var chunks: [Chunk] = []
  private let chunkSize: Int
  private let maximumChunks: Int

  /// The longest record, and its length before it.
  private static let longest = MemoryLayout<record_cgroup>.size + MemoryLayout<UInt16>.size

  /// - Parameter capacity: in bytes.
  init(capacity: Int) {
    chunkSize = min(capacity, 256 << 10)
    maximumChunks = capacity / chunkSize
  }

  var isEmpty: Bool { chunks.isEmpty }

  /// How many more records there is room for, whatever they are.
  var room: Int {
    let last = chunks.last.map { ($0.capacity - $0.end) / Self.longest } ?? 0
    return last + (maximumChunks - chunks.count) * (chunkSize / Self.longest)
  }

  /// Adds a record, for which there is room.
  func append(_ record: UnsafeRawBufferPointer) {
    if chunks.last.map({ $0.capacity - $0.end < Self.longest }) ?? true {
      chunks.append(Chunk(capacity: chunkSize))
    }
    chunks[chunks.count - 1].append(record)
  }

  /// Hands over at most `limit` records, in order.
  /// - Parameter onCgroup: takes cgroups that were made, in order with the records.
  /// - Throws: what `body` threw; the records behind that one stay.
  func take(
    atMost limit: Int, onCgroup: ((CgroupRecord) -> Void)?, _ body: (Record) throws(SinkError) -> Void
  ) throws(SinkError) {
    for _ in 0..<limit {
      guard let first = chunks.first else { return }
      // While it is handed over, more may be added.
      let record = first.next()
      defer { if first.isEmpty { chunks.removeFirst() } }
      try Record.deliver(record, onCgroup: onCgroup, body)
    }
  }
}

/// A piece of memory with records one behind the other, each after its length.
private final class Chunk {
  let capacity: Int
  private let start: UnsafeMutableRawPointer
  private var begin = 0
  private(set) var end = 0

  init(capacity: Int) {
    self.capacity = capacity
    start = .allocate(byteCount: capacity, alignment: 8)
  }

  deinit { start.deallocate() }

  var isEmpty: Bool { begin == end }

  func append(_ record: UnsafeRawBufferPointer) {
    start.storeBytes(of: UInt16(record.count), toByteOffset: end, as: UInt16.self)
    end += MemoryLayout<UInt16>.size
    UnsafeMutableRawBufferPointer(start: start + end, count: record.count).copyMemory(from: record)
    end += record.count
  }

  func next() -> UnsafeRawBufferPointer {
    let length = Int(start.loadUnaligned(fromByteOffset: begin, as: UInt16.self))
    let record = UnsafeRawBufferPointer(start: start + begin + MemoryLayout<UInt16>.size, count: length)
    begin += MemoryLayout<UInt16>.size + length
    return record
  }
}
