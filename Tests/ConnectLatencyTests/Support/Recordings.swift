import Glibc
import SystemPackage

@testable import ConnectLatency

extension Record {
  /// A little of everything: each way to end, both families, clocks, losses, two batches.
  static let variety: [[Record]] = [
    [
      .clock(offset: 1_767_323_045_000_000_000),
      .start(.sample(at: 1_000_000)), .end(.sample(.response, at: 2_650_000)),
      .start(.sample(at: 3_000_000, sock: someSock + 64, comm: "curl", to: "2001:db8::1", port: 443)),
      .lost(Losses(starts: 1, ends: 2)),
      .end(
        .sample(
          .close, at: 9_000_000, sock: someSock + 64, error: UInt16(ETIMEDOUT), retransmits: 6,
          from: "2001:db8::2", to: "2001:db8::1", port: 443)),
    ],
    [
      .clock(offset: 1_767_323_046_000_000_000),
      .start(.sample(at: 10_000_000, uid: nil, netns: nil, cgroup: 42, comm: "n\u{202E}c", port: 81)),
      .end(.sample(.reset, at: 10_310_000, port: 81)),
      .end(.sample(.close, at: 10_390_000, error: UInt16(ECONNREFUSED), retransmits: nil, port: 81)),
      .start(.sample(at: 11_000_000, sock: someSock + 128)),
    ],
  ]

  /// What lies in memory, to compare by.
  var bytes: [UInt8] {
    switch self {
    case .start(let start): withUnsafeBytes(of: start.raw) { [1] + Array($0) }
    case .end(let end): withUnsafeBytes(of: end.raw) { [2] + Array($0) }
    case .clock(let offset): withUnsafeBytes(of: offset) { [3] + Array($0) }
    case .lost(let losses): withUnsafeBytes(of: losses) { [4] + Array($0) }
    }
  }
}

extension UInt32 {
  /// The bytes as they lie in memory.
  var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}

/// Records these batches.
/// - Parameter prepare: what else is written, before them.
func recording(of batches: [[Record]], _ prepare: (RecordingWriter) -> Void = { _ in }) throws -> [UInt8] {
  let file = try TemporaryFile()
  let writer = try RecordingWriter(path: file.path)
  prepare(writer)
  for batch in batches {
    for record in batch { try writer.write(record) }
    try writer.flush()
  }
  return try file.bytes
}

/// What a recording gives before its end or its damage.
func replay(_ bytes: [UInt8]) -> (records: [Record], error: (any Error)?) {
  var records: [Record] = []
  do {
    let source = try RecordingSource(bytes: bytes, name: "test")
    while try source.nextBatch({ records.append($0) }) {}
    return (records, nil)
  } catch {
    return (records, error)
  }
}

/// The table and the JSON lines that a source's records make.
func rows(
  of source: any RecordSource, cgroups: (any CgroupDirectory)? = nil, recorder: RecordingWriter? = nil
)
  throws -> (table: String, json: String)
{
  let (table, json) = (try TemporaryFile(), try TemporaryFile())
  let stages: [any Stage] =
    (cgroups.map { [CgroupEnricher($0)] } ?? []) + [
      try TableSink(to: table.descriptor, columns: [.time, .localPort, .cgroup]),
      JSONSink(to: json.descriptor, showsCgroup: true),
    ]
  try Tracer(source: source, pipeline: Pipeline(stages), recorder: recorder).run()
  return (try table.text, try json.text)
}
