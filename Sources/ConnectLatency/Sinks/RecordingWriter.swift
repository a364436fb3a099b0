import CConnectRecord
import Glibc
import SystemPackage

/// Writes the records that a source hands over, before anything is made of them, so that a replay sees the same.
public final class RecordingWriter {
  let output: RowOutput
  private let closes: Bool
  private var block = TextBuffer()
  /// What kept a block from being written that cgroups had filled: the next `flush` throws it.
  private var failure: SinkError?
  private var recordsInBlock: UInt64 = 0
  /// How long the recording is, in bytes.
  private var length = 0
  /// Records that are missing because a block could not be written.
  public private(set) var unwrittenRecords: UInt64 = 0

  /// A block ends with its batch, or when it has this many bytes.
  private static let enough = 256 << 10

  /// Creates the file, or writes to standard output for `-`. An older file of that name is replaced.
  /// - Throws: `Errno` when the file cannot be made, `SinkError` when it cannot be written.
  public init(path: String) throws {
    if path == "-" {
      output = RowOutput(descriptor: .standardOutput, name: "standard output")
      closes = false
    } else {
      let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite])
      output = RowOutput(descriptor: file, name: path)
      closes = true
    }
    var header = TextBuffer(capacity: RecordingFormat.headerSize)
    header.append(RecordingFormat.magic)
    header.append(rawBytesOf: RecordingFormat.version)
    header.append(rawBytesOf: RecordingFormat.byteOrder)
    while header.count < RecordingFormat.headerSize { header.append(0 as UInt8) }
    try output.write(header.contents)
    length = header.count
    beginBlock()
  }

  deinit {
    if closes { try? output.descriptor.close() }
  }

  /// Adds a record.
  /// - Throws: `SinkError` when a block was full and could not be written.
  public func write(_ record: Record) throws(SinkError) {
    switch record {
    case .start(let start):
      recordsInBlock += 1
      append(.record, start.raw)
    case .end(let end):
      recordsInBlock += 1
      append(.record, end.raw)
    case .clock(let offset): append(.clock, offset)
    case .lost(let losses): append(.lost, (losses.starts, losses.ends))
    }
    try endFullBlock()
  }

  /// Adds the path that a cgroup id in later starts stands for.
  public func write(cgroup id: UInt64, path: String) {
    // Who finds cgroups cannot be told of a full disk; who flushes can.
    do throws(SinkError) { try endFullBlock() } catch { failure = error }
    let path = Array(path.utf8.prefix(4096))
    appendEntryHeader(.cgroup, length: 8 + path.count)
    block.append(rawBytesOf: id)
    block.append(path)
  }

  /// Adds what a cgroup id in later starts stands for.
  public func write(_ cgroup: Cgroup, id: UInt64) {
    write(cgroup: id, path: cgroup.path)
    guard let container = cgroup.container else { return }
    let fields = RecordingFormat.ContainerField.allCases.compactMap { field in
      field.value(in: container, unit: cgroup.unit).map { (field.rawValue, Array($0.utf8.prefix(255))) }
    }
    appendEntryHeader(.container, length: fields.reduce(8) { $0 + 2 + $1.1.count })
    block.append(rawBytesOf: id)
    for (tag, text) in fields {
      block.append(tag)
      block.append(UInt8(text.count))
      block.append(text)
    }
  }

  /// Ends the block and writes it; after a failure, counts its records instead.
  /// - Throws: `SinkError` when it could not be written; that once.
  public func flush() throws(SinkError) {
    if output.isBroken {
      unwrittenRecords += recordsInBlock
      beginBlock()
      defer { failure = nil }
      if let failure { throw failure }
      return
    }
    guard block.count > RecordingFormat.blockHeaderSize else { return }
    defer { beginBlock() }
    let entries = UnsafeRawBufferPointer(rebasing: block.contents[RecordingFormat.blockHeaderSize...])
    block.overwrite(at: 0, with: UInt32(entries.count))
    block.overwrite(at: 4, with: RecordingFormat.checksum(entries))
    do {
      try output.write(block.contents)
      length += block.count
    } catch {
      unwrittenRecords += recordsInBlock
      // Half a block is of no use to anybody: the recording ends with its last whole one.
      if closes { ftruncate(output.descriptor.rawValue, length) }
      throw error
    }
  }
}

extension RecordingWriter {
  private func beginBlock() {
    block.removeAll()
    recordsInBlock = 0
    block.append(rawBytesOf: 0 as UInt64)
  }

  private func endFullBlock() throws(SinkError) {
    if block.count >= Self.enough { try flush() }
  }

  private func append<Value: BitwiseCopyable>(_ type: RecordingFormat.EntryType, _ value: Value) {
    appendEntryHeader(type, length: MemoryLayout<Value>.size)
    block.append(rawBytesOf: value)
  }

  private func appendEntryHeader(_ type: RecordingFormat.EntryType, length: Int) {
    block.append(rawBytesOf: type.rawValue)
    block.append(rawBytesOf: UInt16(length))
  }
}

extension TextBuffer {
  /// Appends a value as it lies in memory.
  fileprivate mutating func append<Value: BitwiseCopyable>(rawBytesOf value: Value) {
    withUnsafeBytes(of: value) { appendRaw($0) }
  }

  fileprivate mutating func overwrite(at position: Int, with value: UInt32) {
    withUnsafeBytes(of: value) { overwriteRaw(at: position, with: $0) }
  }
}
