import CConnectRecord
import SystemPackage

/// Records from a recording. It also knows the cgroups that were recorded.
public final class RecordingSource: RecordSource {
  private var reader: RecordingReader
  private var cgroups = CgroupTable()
  private var failure: RecordingError?
  private var firstTime: UInt64?
  private var isFinished = false
  /// How much of the recording to read, in nanoseconds from its first record on; nil for all of it.
  public var duration: UInt64?
  /// Is told every cgroup as it is read.
  public var onCgroup: ((_ id: UInt64, _ cgroup: Cgroup) -> Void)?

  /// Opens a recording, or standard input for `-`.
  /// - Throws: `Errno` when it cannot be read, `RecordingError` when it is none.
  public convenience init(path: String) throws {
    if path == "-" {
      try self.init(descriptor: .standardInput, name: "standard input", closes: false)
    } else {
      let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
      try self.init(descriptor: file, name: path, closes: true)
    }
  }

  /// Reads a recording from memory.
  /// - Throws: `RecordingError` when it is none.
  public init(bytes: [UInt8], name: String) throws {
    reader = try RecordingReader(bytes: bytes, name: name)
  }

  /// The recording of real connects that comes with the program.
  /// - Throws: `RecordingError` if it was built with none.
  public static func sample() throws -> RecordingSource {
    try RecordingSource(bytes: Base64.decode(EmbeddedFiles.sampleRecording), name: "the sample")
  }

  private init(descriptor: FileDescriptor, name: String, closes: Bool) throws {
    reader = try RecordingReader(descriptor: descriptor, name: name, closes: closes)
  }

  /// One block is one batch.
  /// - Throws: `RecordingError` once everything before the damage has been handed over.
  public func nextBatch(_ body: (Record) throws(SinkError) -> Void) throws -> Bool {
    if let failure { throw failure }
    guard !isFinished, let block = try reader.nextBlock() else { return false }
    var rest = block.entries
    while !isFinished, let entry = Self.nextEntry(&rest) {
      try deliver(entry, to: body)
    }
    if isFinished { return false }
    if !rest.isEmpty { failure = .damaged(reader.name, at: block.offset) }
    return true
  }
}

extension RecordingSource: CgroupDirectory {
  /// Nothing: the recording has the id that the recorder made of it.
  public func resolve(_ start: inout StartRecord) {}

  /// As the recorder knew it; what it knew at which time is in the order of the recording.
  public func cgroup(_ id: UInt64, at time: UInt64) -> Cgroup? { cgroups.find(id) }
}

extension RecordingSource {
  private struct Entry {
    let type: UInt16
    let bytes: UnsafeRawBufferPointer
  }

  /// The next whole entry, if one is there.
  @inline(__always)
  private static func nextEntry(_ rest: inout UnsafeRawBufferPointer) -> Entry? {
    guard rest.count >= RecordingFormat.entryHeaderSize else { return nil }
    let type = rest.loadUnaligned(as: UInt16.self)
    let length = Int(rest.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    let end = RecordingFormat.entryHeaderSize + length
    // A type of 0 is what a file system leaves where it had not written yet.
    guard type != 0, end <= rest.count else { return nil }
    let bytes = UnsafeRawBufferPointer(rebasing: rest[RecordingFormat.entryHeaderSize..<end])
    rest = UnsafeRawBufferPointer(rebasing: rest[end...])
    return Entry(type: type, bytes: bytes)
  }

  private func learn(_ cgroup: Cgroup, id: UInt64) {
    cgroups.insert(cgroup, id: id)
    onCgroup?(id, cgroup)
  }

  private func isOver(_ record: Record, after duration: UInt64) -> Bool {
    guard let time = record.time else { return false }
    let first = firstTime ?? time
    firstTime = first
    isFinished = time > first && time - first > duration
    return isFinished
  }

  /// Entries of unknown type are a later version's additions, to be passed over.
  @inline(__always)
  private func deliver(_ entry: Entry, to body: (Record) throws(SinkError) -> Void) throws(SinkError) {
    switch RecordingFormat.EntryType(rawValue: entry.type) {
    case .record:
      guard let record = Record(entry.bytes) else { return }
      if let duration, isOver(record, after: duration) { return }
      try body(record)
    case .clock where entry.bytes.count >= 8:
      try body(.clock(offset: entry.bytes.loadUnaligned(as: Int64.self)))
    case .lost where entry.bytes.count >= 16:
      let starts = entry.bytes.loadUnaligned(as: UInt64.self)
      let ends = entry.bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      try body(.lost(Losses(starts: starts, ends: ends)))
    case .cgroup where entry.bytes.count >= 8:
      let path = String(decoding: entry.bytes[8...], as: UTF8.self)
      let id = entry.bytes.loadUnaligned(as: UInt64.self)
      learn(Cgroup(path: path), id: id)
    case .container where entry.bytes.count >= 8:
      let id = entry.bytes.loadUnaligned(as: UInt64.self)
      guard let path = cgroups.find(id)?.path else { break }
      learn(Cgroup(path: path, fields: UnsafeRawBufferPointer(rebasing: entry.bytes[8...])), id: id)
    default: break
    }
  }
}
