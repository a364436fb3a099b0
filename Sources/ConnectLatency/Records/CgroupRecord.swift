import CConnectRecord

/// What is known when a cgroup has been made: the kernel's `struct record_cgroup`.
///
/// It comes before the start of any connect in it.
public struct CgroupRecord: Sendable, Equatable {
  /// When, CLOCK_MONOTONIC in nanoseconds.
  public let time: UInt64
  /// The id that starts carry.
  public let id: UInt64
  /// The path below the root of its hierarchy.
  public let path: String

  /// A cgroup as a source other than the kernel's ring buffer makes it.
  public init(time: UInt64, id: UInt64, path: String) {
    self.time = time
    self.id = id
    self.path = path
  }

  /// Reads a record as the hooks wrote it; nil when the bytes are none, or tell no path.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= MemoryLayout<record_cgroup>.size else { return nil }
    let header = bytes.loadUnaligned(as: record_header.self)
    guard UInt32(header.kind) == RECORD_CGROUP.rawValue else { return nil }
    time = header.time
    id = bytes.loadUnaligned(
      fromByteOffset: MemoryLayout<record_cgroup>.offset(of: \.cgroup)!, as: UInt64.self)
    let text = bytes[MemoryLayout<record_cgroup>.offset(of: \.path)!..<MemoryLayout<record_cgroup>.size]
    path = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    guard path.hasPrefix("/") else { return nil }
  }
}
