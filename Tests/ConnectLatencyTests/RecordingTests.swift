import Foundation
import SystemPackage
import Testing

@testable import ConnectLatency

@Suite("A recording replays what was recorded")
struct RecordingTests {
  @Test("Every record comes back as it was, in batches as they were")
  func roundTrip() throws {
    let source = try RecordingSource(bytes: try recording(of: Record.variety), name: "test")
    var batches: [[Record]] = [[]]
    while try source.nextBatch({ batches[batches.count - 1].append($0) }) { batches.append([]) }
    #expect(batches.dropLast().map { $0.map(\.bytes) } == Record.variety.map { $0.map(\.bytes) })
    #expect(batches.last?.isEmpty == true)
  }

  @Test("Many records fill more than one block, and all come back")
  func manyBlocks() throws {
    let batch = (1...9000 as ClosedRange<UInt64>).map { Record.start(.sample(at: $0, sock: $0 * 64)) }
    let bytes = try recording(of: [batch])
    #expect(bytes.count > 2 * 256 << 10)
    let replayed = replay(bytes)
    #expect(replayed.error == nil)
    #expect(replayed.records.map(\.bytes) == batch.map(\.bytes))
  }

  @Test("From a file as from memory, and from a pipe that gives a few bytes at a time")
  func fromFile() throws {
    let file = try TemporaryFile()
    try file.descriptor.writeAll(try recording(of: Record.variety))
    let fromFile = try rows(of: RecordingSource(path: file.path))
    let fromMemory = try rows(of: RecordingSource(bytes: try file.bytes, name: "test"))
    #expect(fromFile == fromMemory)
    let pipe = try FileDescriptor.pipe()
    let bytes = try file.bytes
    Thread.detachNewThread {
      for begin in stride(from: 0, to: bytes.count, by: 7) {
        _ = try? pipe.writeEnd.writeAll(bytes[begin..<min(begin + 7, bytes.count)])
      }
      try? pipe.writeEnd.close()
    }
    #expect(try rows(of: RecordingSource(path: "/dev/fd/\(pipe.readEnd.rawValue)")) == fromMemory)
    try pipe.readEnd.close()
    #expect(throws: Errno.noSuchFileOrDirectory) { try RecordingSource(path: file.path + "-none") }
  }

  @Test("A replay's table and JSON are the live ones, to the byte")
  func sameRows() throws {
    let file = try TemporaryFile()
    let live = try rows(of: FakeSource(Record.variety), recorder: try RecordingWriter(path: file.path))
    let replayed = try rows(of: RecordingSource(path: file.path))
    #expect(live == replayed)
    #expect(live.table.split(separator: "\n").count == 4)
    #expect(live.json.split(separator: "\n").count == 3)
  }

  /// Cgroups as the system would know them: an id of its own for each process.
  private final class Cgroups: CgroupDirectory {
    var recorder: RecordingWriter?

    func resolve(_ start: inout StartRecord) {
      start.cgroupID = UInt64(start.pid ?? 0) + 1
      recorder?.write(cgroup: start.cgroupID ?? 0, path: "/system.slice/p\(start.pid ?? 0).service")
    }

    func cgroup(_ id: UInt64, at time: UInt64) -> Cgroup? { Cgroup(path: "/system.slice/p\(id - 1).service") }
  }

  @Test("Cgroups that were found live are in the replay, by the ids they were given")
  func cgroups() throws {
    let file = try TemporaryFile()
    let cgroups = Cgroups()
    let writer = try RecordingWriter(path: file.path)
    cgroups.recorder = writer
    let live = try rows(of: FakeSource(Record.variety), cgroups: cgroups, recorder: writer)
    let source = try RecordingSource(path: file.path)
    let replayed = try rows(of: source, cgroups: source)
    #expect(live == replayed)
    #expect(live.json.contains(#","cgroup":"/system.slice/p1201.service","unit":"p1201.service"}"#))
  }

  @Test("A recording of a replay has the cgroups too, if it is told of them")
  func cgroupsPassedOn() throws {
    let bytes = try recording(of: Record.variety) { $0.write(cgroup: 42, path: "/a/b.scope") }
    let source = try RecordingSource(bytes: bytes, name: "test")
    var heard: [String] = []
    source.onCgroup = { id, cgroup in heard.append("\(id) \(cgroup.path)") }
    while try source.nextBatch({ _ in }) {}
    #expect(heard == ["42 /a/b.scope"])
    #expect(source.cgroup(42, at: 0)?.unit == "b.scope")
    #expect(source.cgroup(43, at: 0) == nil)
  }

  @Test("A path of any length is cut to what fits an entry")
  func longPath() throws {
    let bytes = try recording(of: Record.variety) {
      $0.write(cgroup: 7, path: "/" + String(repeating: "é", count: 40_000))
    }
    let source = try RecordingSource(bytes: bytes, name: "test")
    while try source.nextBatch({ _ in }) {}
    #expect(source.cgroup(7, at: 0)?.path.hasPrefix("/éé") == true)
  }

  @Test("Cgroups alone fill blocks too, none longer than a reader takes")
  func manyCgroups() throws {
    let cgroup = Cgroup(path: "/" + String(repeating: "a", count: 4000))
    let bytes = try recording(of: [[]]) { writer in
      for id in 1...1100 as ClosedRange<UInt64> { writer.write(cgroup, id: id) }
    }
    #expect(bytes.count > RecordingFormat.maximumBlock)
    let source = try RecordingSource(bytes: bytes, name: "test")
    var ids: [UInt64] = []
    source.onCgroup = { id, _ in ids.append(id) }
    while try source.nextBatch({ _ in }) {}
    #expect(ids == Array(1...1100))
  }

  @Test("A recording that cannot take the cgroups which fill a block says so at the end of the batch")
  func fullDiskOfCgroups() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = try FileDescriptor.pipe()
    let writer = try RecordingWriter(path: "/dev/fd/\(pipe.writeEnd.rawValue)")
    try pipe.readEnd.close()
    let cgroup = Cgroup(path: String(repeating: "/a", count: 2000))
    for id in 1...100 as ClosedRange<UInt64> { writer.write(cgroup, id: id) }
    #expect(throws: SinkError.readerGone) { try writer.flush() }
    try pipe.writeEnd.close()
  }

  @Test("Entries of a later version are passed over")
  func unknownEntries() throws {
    var block: [UInt8] = []
    block += [99, 0, 3, 0, 1, 2, 3]  // a type that nobody knows yet
    block += [2, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0]  // clock
    block += [1, 0, 2, 0, 1, 2]  // a record that is too short for one
    let checksum = block.withUnsafeBytes { RecordingFormat.checksum($0) }
    let length = UInt32(block.count)
    let header = try recording(of: [])
    let bytes = header + length.bytes + checksum.bytes + block
    let replayed = replay(bytes)
    #expect(replayed.error == nil)
    #expect(replayed.records.map(\.bytes) == [Record.clock(offset: 5).bytes])
  }

  @Test("An older recording of that name is replaced")
  func replacesFile() throws {
    let file = try TemporaryFile()
    try file.descriptor.writeAll([UInt8](repeating: 0x20, count: 5000))
    _ = try RecordingWriter(path: file.path)
    #expect(try file.bytes.count == RecordingFormat.headerSize)
    #expect(replay(try file.bytes).error == nil)
  }

  @Test("A recording that cannot be written says so")
  func fullDisk() throws {
    #expect(throws: SinkError.write(to: "/dev/full", .noSpace)) { try RecordingWriter(path: "/dev/full") }
    #expect(throws: Errno.noSuchFileOrDirectory) { try RecordingWriter(path: "/nonexistent/recording") }
  }
}
