@testable import ConnectLatency

/// The reader of recordings: of any file, and of one that its checksums vouch for.
final class RecordingTarget: FuzzTarget {
  private let rows: Rows

  init() throws {
    rows = try Rows()
  }

  func take(_ input: UnsafeRawBufferPointer) throws {
    try rows.check(recording: Array(input))
    try rows.check(recording: Self.sealed(Array(input)))
  }

  /// The same with a good header, and with lengths and checksums that fit, which no change at random would make.
  private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    guard bytes.count > RecordingFormat.headerSize else { return bytes }
    bytes.replaceSubrange(0..<8, with: RecordingFormat.magic)
    bytes.replaceSubrange(8..<12, with: RecordingFormat.version.bytes)
    bytes.replaceSubrange(12..<16, with: RecordingFormat.byteOrder.bytes)
    var block = RecordingFormat.headerSize
    while block + RecordingFormat.blockHeaderSize < bytes.count {
      let begin = block + RecordingFormat.blockHeaderSize
      let said = bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: block, as: UInt32.self)) }
      let length = said == 0 ? bytes.count - begin : min(said, bytes.count - begin)
      let checksum = bytes.withUnsafeBytes {
        RecordingFormat.checksum(UnsafeRawBufferPointer(rebasing: $0[begin..<begin + length]))
      }
      bytes.replaceSubrange(block..<begin, with: UInt32(length).bytes + checksum.bytes)
      block = begin + length
    }
    return bytes
  }
}

extension UInt32 {
  fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
