import Foundation
import Glibc

/// A directory that is laid out as a host's file system and gone with this object.
final class TemporaryRoot {
  let path = FileManager.default.temporaryDirectory.appending(path: "tcpconnlat-root-\(UUID().uuidString)")
    .path()

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Puts a file there, with the directories above it.
  func write(_ file: String, _ content: some Collection<UInt8>) throws {
    try FileManager.default.createDirectory(
      atPath: URL(filePath: "\(path)/\(file)").deletingLastPathComponent().path(),
      withIntermediateDirectories: true)
    try Data(content).write(to: URL(filePath: "\(path)/\(file)"))
  }

  func write(_ file: String, _ text: String) throws {
    try write(file, text.utf8)
  }

  /// Puts an empty directory there.
  func makeDirectory(_ directory: String) throws {
    try write(directory + "/x", "")
    try FileManager.default.removeItem(atPath: "\(path)/\(directory)/x")
  }

  /// Puts a symbolic link there.
  func link(_ file: String, to target: String) throws {
    try write(file, "")
    try FileManager.default.removeItem(atPath: "\(path)/\(file)")
    try FileManager.default.createSymbolicLink(atPath: "\(path)/\(file)", withDestinationPath: target)
  }

  /// Puts a FIFO there, which nobody will ever write to.
  func makePipe(_ file: String) throws {
    try write(file, "")
    try FileManager.default.removeItem(atPath: "\(path)/\(file)")
    mkfifo("\(path)/\(file)", 0o600)
  }
}
