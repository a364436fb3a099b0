import CZlib

/// The file that `--record` writes and `replay` reads.
///
/// A header, then blocks. A block is its length and the CRC-32 of what follows, then entries; an entry is its type
/// and length, then its bytes. Numbers are in the byte order of the machine that recorded, which the header tells.
/// A block is written whole at the end of each batch, so that a crash costs no more than the last one.
enum RecordingFormat {
  /// The first bytes of every recording.
  static let magic: [UInt8] = Array("tcpcnlat".utf8)
  static let version: UInt32 = 1
  /// How this number is stored tells the byte order.
  static let byteOrder: UInt32 = 0x0102_0304

  /// magic, version, byteOrder, then 48 bytes for later versions.
  static let headerSize = 64
  /// length, CRC-32.
  static let blockHeaderSize = 8
  /// type, length.
  static let entryHeaderSize = 4
  /// No block is longer; a length beyond it is damage.
  static let maximumBlock = 4 << 20

  /// What an entry holds.
  enum EntryType: UInt16 {
    /// A record as the hooks wrote it (`bpf/record.h`).
    case record = 1
    /// Int64: nanoseconds to add to CLOCK_MONOTONIC for the time of day.
    case clock = 2
    /// Two UInt64: starts and ends that the kernel lost, since tracing began.
    case lost = 3
    /// UInt64 and UTF-8: a cgroup's id and its path.
    case cgroup = 4
    /// UInt64, then fields: the container of the cgroup with that id, if one is known. A field is its tag and length,
    /// a byte each, and UTF-8. It comes after the cgroup's path; without it the path tells what it can.
    case container = 5
  }

  /// What a field of a `container` entry holds.
  enum ContainerField: UInt8, CaseIterable {
    case runtime = 1
    case id, name, pod, namespace, podUID, unit
  }

  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count)))
  }
}

/// What is wrong with a recording.
public enum RecordingError: Error, Equatable {
  /// The file does not begin as a recording does.
  case notARecording(String)
  /// The file is of a version that this program does not know.
  case version(String, found: UInt32)
  /// The file was made on a machine of the other byte order.
  case byteOrder(String)
  /// The file ends within a block: what came before was read.
  case truncated(String, at: Int)
  /// A block is not as it was written: what came before was read.
  case damaged(String, at: Int)
}

extension RecordingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notARecording(let file):
      "\(file) is no recording: expected a file that tcpconnlat --record wrote"
    case .version(let file, let found):
      "\(file) is a recording of version \(found): expected version \(RecordingFormat.version); "
        + "replay it with the tcpconnlat that recorded it, or a newer one"
    case .byteOrder(let file):
      "\(file) was recorded on a machine of the other byte order: replay it on such a machine"
    case .truncated(let file, let offset):
      "\(file) is cut off at byte \(offset): expected the rest of a block; the rows before it are complete"
    case .damaged(let file, let offset):
      "\(file) is damaged in the block at byte \(offset): its checksum or length is wrong; "
        + "the rows before it are complete"
    }
  }
}
