import Glibc
import SystemPackage

/// A file in memory that is in no directory any more.
final class MemoryFile {
  let descriptor: FileDescriptor
  /// Opens the same file again.
  var path: String { "/proc/self/fd/\(descriptor.rawValue)" }

  init() throws {
    var template = Array("/dev/shm/tcpconnlat-fuzz-XXXXXX".utf8CString)
    let number = mkstemp(&template)
    guard number >= 0 else { throw Errno(rawValue: errno) }
    unlink(template)
    descriptor = FileDescriptor(rawValue: number)
  }

  deinit { try? descriptor.close() }

  /// What has been written to it.
  var bytes: [UInt8] {
    get throws {
      let size = Int(try descriptor.seek(offset: 0, from: .end))
      return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        count = try descriptor.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
      }
    }
  }

  func empty() throws {
    guard ftruncate(descriptor.rawValue, 0) == 0 else { throw Errno(rawValue: errno) }
    try descriptor.seek(offset: 0, from: .start)
  }
}
