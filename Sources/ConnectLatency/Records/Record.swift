import CConnectRecord

/// One thing that a source of records says.
public enum Record: Sendable, BitwiseCopyable {
  /// A connect began.
  case start(StartRecord)
  /// Something happened to a connect that had begun.
  case end(EndRecord)
  /// Add this to CLOCK_MONOTONIC to get CLOCK_REALTIME, in nanoseconds, from here on.
  case clock(offset: Int64)
  /// How many records the kernel had no room for, since tracing began.
  case lost(Losses)
}

extension Record {
  /// When it happened, CLOCK_MONOTONIC in nanoseconds; nil where that has no meaning.
  public var time: UInt64? {
    switch self {
    case .start(let start): start.time
    case .end(let end): end.time
    case .clock, .lost: nil
    }
  }
}

/// How many records the kernel could not hand over, since tracing began.
public struct Losses: Equatable, Sendable, BitwiseCopyable {
  /// Starts: each is one connect without a row.
  public var starts: UInt64
  /// Ends: a connect whose only end this was stays open.
  public var ends: UInt64

  public init(starts: UInt64 = 0, ends: UInt64 = 0) {
    self.starts = starts
    self.ends = ends
  }

  /// Both together.
  public var total: UInt64 { starts + ends }
}

extension Record {
  /// Reads a record as the hooks wrote it; nil when the bytes are none.
  @inline(__always)
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= MemoryLayout<record_header>.size else { return nil }
    let header = bytes.loadUnaligned(as: record_header.self)
    if UInt32(header.kind) == RECORD_START.rawValue {
      guard bytes.count >= MemoryLayout<record_start>.size else { return nil }
      self = .start(StartRecord(raw: bytes.loadUnaligned(as: record_start.self)))
    } else {
      guard bytes.count >= MemoryLayout<record_end>.size, EndRecord.Kind(rawValue: header.kind) != nil
      else { return nil }
      self = .end(EndRecord(raw: bytes.loadUnaligned(as: record_end.self)))
    }
  }
}
