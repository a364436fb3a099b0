import Glibc
import SystemPackage

/// Small files under `/proc`, read with a bound and without ever waiting.
enum ProcessFiles {
  /// The name of a process or thread.
  static func comm(of id: UInt32) -> Comm? {
    bytes("/proc/\(id)/comm", limit: 64).map { Comm($0.prefix { $0 != UInt8(ascii: "\n") }) }
  }

  /// The path of a process's cgroup: the v2 one, unless that is the root and a v1 hierarchy knows more.
  static func cgroupPath(of pid: UInt32) -> String? {
    text("/proc/\(pid)/cgroup", limit: 64 << 10).map(cgroupPath(in:))
  }

  /// The same of the text of such a file (`cgroups(7)`: `ID:CONTROLLERS:PATH` a line).
  static func cgroupPath(in text: String) -> String {
    var best = "/"
    var bestRank = Int.max
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, fields[2].hasPrefix("/"), fields[2] != "/" else { continue }
      // Runtimes fill every hierarchy alike, but systemd's and memory's are there on any machine.
      let rank = ["", "name=systemd", "memory", "pids"].firstIndex { fields[1] == $0 } ?? 4
      if rank < bestRank { (best, bestRank) = (String(fields[2]), rank) }
    }
    return best
  }

  /// The id of a process in the innermost pid namespace it is in.
  static func innermostPID(of pid: UInt32) -> UInt32? {
    text("/proc/\(pid)/status", limit: 16 << 10).flatMap(innermostPID(in:))
  }

  /// The same of the text of such a file (`NSpid:`, from the reader's namespace inwards).
  static func innermostPID(in text: String) -> UInt32? {
    let line = text.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
    return line?.split(separator: "\t").last.flatMap { UInt32($0) }
  }

  /// The names in a directory; none where it is not there.
  static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Where a symbolic link points.
  static func link(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
      let length = readlink(path, buffer.baseAddress!, buffer.count)
      guard length > 0 else { return nil }
      return String(
        decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<length]), as: UTF8.self)
    }
  }

  /// A file's text up to `limit` bytes; nil when it cannot be read.
  static func text(_ path: String, limit: Int) -> String? {
    bytes(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A file's bytes up to `limit`; nil when it cannot be read.
  static func bytes(_ path: String, limit: Int) -> [UInt8]? {
    guard let file = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
      return nil
    }
    defer { try? file.close() }
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let chunk = try? [UInt8](unsafeUninitializedCapacity: min(4096, limit - bytes.count)) { buffer, count in
        count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      guard let chunk else { return nil }
      if chunk.isEmpty { break }
      bytes += chunk
    }
    return bytes
  }
}
