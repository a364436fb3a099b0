import CLinux
import Glibc
import SystemPackage

/// Files of the host, below wherever its file system is mounted. Reading never waits, never leaves that place by a
/// link, and has a bound. All paths are relative: `var/lib/docker`.
final class HostFiles {
  private let root: FileDescriptor?

  /// - Parameter root: where the file system of the host is mounted, `/` if this is the host.
  init(root: String) {
    self.root = try? FileDescriptor.open(root, .readOnly, options: [.closeOnExec, .directory])
  }

  deinit {
    try? root?.close()
  }

  /// All bytes of a regular file; nil when it is none, cannot be read, or is larger than `limit`.
  func bytes(_ path: String, limit: Int) -> [UInt8]? {
    guard let file = open(path, isDirectory: false) else { return nil }
    defer { try? file.close() }
    var status = stat()
    guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) <= limit
    else { return nil }
    // Some file systems say 0 of files that are not empty.
    let expected = status.st_size > 0 ? Int(status.st_size) : 4096
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let chunk = try? [UInt8](unsafeUninitializedCapacity: expected) { buffer, count in
        count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      guard let chunk else { return nil }
      if chunk.isEmpty { return bytes }
      bytes += chunk
    }
    return nil
  }

  /// Whether there is a regular file.
  func isFile(_ path: String) -> Bool {
    guard let file = open(path, isDirectory: false) else { return false }
    defer { try? file.close() }
    var status = stat()
    return fstat(file.rawValue, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// The names in a directory, without `.` and `..`, at most `limit`; none when it cannot be read.
  func names(in path: String, limit: Int = 20_000) -> [String] {
    guard let directory = open(path, isDirectory: true) else { return [] }
    guard let stream = fdopendir(directory.rawValue) else {
      try? directory.close()
      return []
    }
    defer { closedir(stream) }
    var names: [String] = []
    while names.count < limit, let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Where a symbolic link points, as text.
  func link(_ path: String) -> String? {
    guard let root else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      let length = readlinkat(root.rawValue, path, buffer.baseAddress!, buffer.count)
      guard length > 0, length < buffer.count else { return nil }
      return String(
        decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<length]), as: UTF8.self)
    }
  }

  private func open(_ path: String, isDirectory: Bool) -> FileDescriptor? {
    guard let root else { return nil }
    let file = clinux_open_below(root.rawValue, path, isDirectory ? 1 : 0)
    return file >= 0 ? FileDescriptor(rawValue: file) : nil
  }
}
