import Foundation
import SystemPackage
import Testing

@testable import ConnectLatency

/// `Recordings` has recordings of every version there has been, beside the rows that they gave then. A change of the
/// format adds to them and changes none.
@Suite("Recordings of every version")
struct KeptRecordingTests {
  private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Recordings")

  static let names = ["version1-variety", "version1-sample"]

  private static func file(_ name: String, _ ending: String) -> URL {
    directory.appending(path: "\(name).\(ending)")
  }

  @Test("replay to the rows that they always gave", arguments: names)
  func rowsAreTheSame(name: String) throws {
    let source = try RecordingSource(path: Self.file(name, "rec").path())
    let replayed = try rows(of: source, cgroups: source)
    #expect(replayed.table == (try String(contentsOf: Self.file(name, "table"), encoding: .utf8)))
    #expect(replayed.json == (try String(contentsOf: Self.file(name, "json"), encoding: .utf8)))
  }

  @Test("are all there, and none is left out here")
  func allAreThere() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path())
    let expected = Self.names.flatMap { ["\($0).rec", "\($0).table", "\($0).json"] }
    #expect(files.sorted() == expected.sorted())
    #expect(Self.names.contains { $0.hasPrefix("version\(RecordingFormat.version)-") })
  }

  @Test("of version 1 has every record and every name that was put into it")
  func variety() throws {
    let bytes = try Array(Data(contentsOf: Self.file("version1-variety", "rec")))
    #expect(replay(bytes).records.map(\.bytes) == Record.variety.joined().map(\.bytes))
    let source = try RecordingSource(bytes: bytes, name: "test")
    while try source.nextBatch({ _ in }) {}
    let cgroup = try #require(source.cgroup(42, at: 0))
    #expect((cgroup.path, cgroup.unit) == ("/a/\u{1B}[2J", "b.service"))
    #expect(
      cgroup.container
        == Container(
          runtime: .criO, id: "0123", name: "app", pod: "cart", namespace: "shop", podUID: "01234567"))
  }

  @Test("A recording is as the description of the format has it, byte for byte")
  func layout() throws {
    let bytes = try recording(of: [[.clock(offset: 5)]]) { $0.write(cgroup: 7, path: "/a") }
    let entries: [UInt8] =
      [4, 0, 10, 0, 7, 0, 0, 0, 0, 0, 0, 0] + Array("/a".utf8) + [2, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0]
    // CRC-32 by its definition: reflected, 0xedb88320, all ones before and after.
    let checksum = ~entries.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
    }
    let header = Array("tcpcnlat".utf8) + [1, 0, 0, 0, 4, 3, 2, 1] + [UInt8](repeating: 0, count: 48)
    #expect(bytes == header + [26, 0, 0, 0] + checksum.bytes + entries)
  }
}
