import Foundation
import SystemPackage

@testable import ConnectLatency

/// A file that is gone with this object.
final class TemporaryFile {
  let path = FileManager.default.temporaryDirectory
    .appending(path: "tcpconnlat-test-\(UUID().uuidString)").path()
  let descriptor: FileDescriptor

  init() throws {
    descriptor = try .open(
      path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
  }

  deinit {
    try? descriptor.close()
    try? FileManager.default.removeItem(atPath: path)
  }

  /// What is in it.
  var bytes: [UInt8] { get throws { try Array(Data(contentsOf: URL(filePath: path))) } }

  /// What is in it, as text.
  var text: String { get throws { String(decoding: try bytes, as: UTF8.self) } }
}

/// What a sink writes for some connections.
func written(_ connections: [Connection], by makeSink: (FileDescriptor) throws -> any Stage) throws -> String
{
  let file = try TemporaryFile()
  let sink = try makeSink(file.descriptor)
  for var connection in connections { _ = try sink.process(&connection) }
  try sink.flush()
  return try file.text
}

/// What is appended to a text buffer, as bytes.
func bytes(_ append: (inout TextBuffer) -> Void) -> [UInt8] {
  var buffer = TextBuffer(capacity: 1)
  append(&buffer)
  return buffer.bytes
}

/// What is appended to a text buffer, as text.
func text(_ append: (inout TextBuffer) -> Void) -> String {
  String(decoding: bytes(append), as: UTF8.self)
}
