import SystemPackage

/// Reads a recording block by block, with a bounded buffer, from a file, a pipe or memory.
struct RecordingReader: ~Copyable {
  /// The entries of one block, valid until the next is read.
  struct Block {
    let entries: UnsafeRawBufferPointer
    /// Where the block begins in the file.
    let offset: Int
  }

  let name: String
  /// How far the file has been read.
  private(set) var offset = 0
  private let descriptor: FileDescriptor?
  private let closes: Bool
  private let memory: [UInt8]
  private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  init(descriptor: FileDescriptor, name: String, closes: Bool) throws {
    self.init(descriptor: descriptor, memory: [], name: name, closes: closes)
    try readHeader()
  }

  init(bytes: [UInt8], name: String) throws {
    self.init(descriptor: nil, memory: bytes, name: name, closes: false)
    try readHeader()
  }

  private init(descriptor: FileDescriptor?, memory: [UInt8], name: String, closes: Bool) {
    self.descriptor = descriptor
    self.memory = memory
    self.name = name
    self.closes = closes
  }

  deinit {
    buffer.deallocate()
    if closes { try? descriptor?.close() }
  }

  /// The next block; nil at the end of the file.
  /// - Throws: `RecordingError` for a block that is not whole or not as it was written, `Errno` when reading fails.
  mutating func nextBlock() throws -> Block? {
    let begin = offset
    let header = try read(RecordingFormat.blockHeaderSize)
    if header.isEmpty { return nil }
    guard header.count == RecordingFormat.blockHeaderSize else {
      throw RecordingError.truncated(name, at: offset)
    }
    let length = Int(header.loadUnaligned(as: UInt32.self))
    let checksum = header.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    guard length > 0, length <= RecordingFormat.maximumBlock else {
      throw RecordingError.damaged(name, at: begin)
    }
    let entries = try read(length)
    guard entries.count == length else { throw RecordingError.truncated(name, at: offset) }
    guard RecordingFormat.checksum(entries) == checksum else { throw RecordingError.damaged(name, at: begin) }
    return Block(entries: entries, offset: begin)
  }

  private mutating func readHeader() throws {
    let header = try read(RecordingFormat.headerSize)
    guard header.starts(with: RecordingFormat.magic) else { throw RecordingError.notARecording(name) }
    guard header.count == RecordingFormat.headerSize else { throw RecordingError.truncated(name, at: offset) }
    let version = header.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    let byteOrder = header.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
    guard byteOrder != RecordingFormat.byteOrder.byteSwapped else { throw RecordingError.byteOrder(name) }
    guard byteOrder == RecordingFormat.byteOrder else { throw RecordingError.notARecording(name) }
    guard version == RecordingFormat.version else { throw RecordingError.version(name, found: version) }
  }

  /// Reads `length` bytes, or fewer at the end of the file.
  private mutating func read(_ length: Int) throws -> UnsafeRawBufferPointer {
    if length > buffer.count {
      buffer.deallocate()
      buffer = .allocate(byteCount: length, alignment: 16)
    }
    var filled = 0
    if let descriptor {
      while filled < length {
        let count = try descriptor.read(
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<length]))
        if count == 0 { break }
        filled += count
      }
    } else {
      filled = min(length, memory.count - offset)
      buffer.copyBytes(from: memory[offset..<offset + filled])
    }
    offset += filled
    return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<filled])
  }
}
