import SystemPackage

@testable import ConnectLatency

/// The table and the JSON lines of some records, looked at as their reader would.
final class Rows {
  private let table: MemoryFile
  private let json: MemoryFile
  private let recording: MemoryFile

  init() throws {
    (table, json, recording) = (try MemoryFile(), try MemoryFile(), try MemoryFile())
  }

  /// Ends the process where a row may not go to a terminal, or where its recording replays to other rows.
  func check(_ records: [Record]) throws {
    let source = ArraySource(records)
    let live = try rows(of: source, cgroups: nil, recordsAlso: true)
    let replayed = try rows(of: RecordingSource(path: recording.path), cgroups: nil, recordsAlso: false)
    guard live == replayed else { fatalError("live \(live), replayed \(replayed)") }
  }

  /// The same of a recording, which is read until its damage.
  func check(recording bytes: [UInt8]) throws {
    guard let source = try? RecordingSource(bytes: bytes, name: "input") else { return }
    let first = try rows(of: source, cgroups: source, recordsAlso: true)
    let again = try RecordingSource(path: recording.path)
    let second = try rows(of: again, cgroups: again, recordsAlso: false)
    guard first == second else { fatalError("first \(first), then \(second)") }
  }

  private func rows(
    of source: any RecordSource, cgroups: RecordingSource?, recordsAlso: Bool
  ) throws -> [[UInt8]] {
    try table.empty()
    try json.empty()
    let recorder = recordsAlso ? try RecordingWriter(path: recording.path) : nil
    var stages: [any Stage] = []
    if let cgroups {
      cgroups.onCgroup = recorder.map { recorder in { recorder.write($1, id: $0) } }
      stages.append(CgroupEnricher(cgroups))
    }
    stages.append(try TableSink(to: table.descriptor, columns: [.time, .localPort, .cgroup]))
    stages.append(JSONSink(to: json.descriptor, showsCgroup: true))
    do {
      try Tracer(source: source, pipeline: Pipeline(stages), recorder: recorder, maximumOpen: 16).run()
    } catch is RecordingError {
      // What came before the damage has been handed over.
    }
    let rows = [try table.bytes, try json.bytes]
    checkPrintable(rows[0], newlines: true)
    checkJSON(rows[1])
    return rows
  }
}

/// Records from an array, as one batch.
private final class ArraySource: RecordSource {
  private let records: [Record]

  init(_ records: [Record]) {
    self.records = records
  }

  func nextBatch(_ body: (Record) throws(SinkError) -> Void) throws -> Bool {
    for record in records { try body(record) }
    return false
  }
}
