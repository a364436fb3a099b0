@testable import ConnectLatency

/// The decoder of what the hooks write into the ring buffer, and all that comes after it.
///
/// An input is a row of records: a length and so many bytes, or 255 and a clock, or 254 and losses.
final class RecordsTarget: FuzzTarget {
  private let rows: Rows

  init() throws {
    rows = try Rows()
  }

  func take(_ input: UnsafeRawBufferPointer) throws {
    var bytes = Bytes(input)
    var records: [Record] = []
    while !bytes.isEmpty {
      switch bytes.byte() {
      case 255: records.append(.clock(offset: Int64(bitPattern: bytes.word())))
      case 254: records.append(.lost(Losses(starts: bytes.word(), ends: bytes.word())))
      case let length: if let record = Record(bytes.take(Int(length))) { records.append(record) }
      }
    }
    try rows.check(records)
  }
}
