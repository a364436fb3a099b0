import Foundation
import SystemPackage

@testable import ConnectLatency

/// The readers of what runtimes leave on disk. The first byte of an input says which file the rest is.
final class RuntimesTarget: FuzzTarget {
  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private static let uid = "01234567-89ab-cdef-0123-456789abcdef"
  private static let storage = "var/lib/containers/storage/overlay-containers"
  private static let pod = "/kubepods/burstable/pod\(uid)/\(id)"
  private static let podman = "/machine.slice/libpod-\(id).scope/container"
  /// The files, each with a cgroup of which it may tell something.
  private static let files = [
    ("var/lib/docker/containers/\(id)/config.v2.json", "/docker/\(id)"),
    ("etc/docker/daemon.json", "/docker/\(id)"),
    ("etc/passwd", "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope"),
    ("etc/containers/storage.conf", podman),
    ("\(storage)/containers.json", podman), ("\(storage)/volatile-containers.json", "/custom/\(id)"),
    ("\(storage)/\(id)/userdata/config.json", "\(pod)/crio-\(id).scope"),
    ("run/containerd/io.containerd.runtime.v2.task/default/\(id)/config.json", pod),
    ("run/crun/lonely/status", "/fuzz/lonely"),
  ]

  private let root = FileManager.default.temporaryDirectory
    .appending(path: "tcpconnlat-fuzz-\(getpid())").path()
  private let descriptors: [FileDescriptor]
  private let names: ContainerNames
  private let logs: [String]
  private var last: Int?

  init() throws {
    logs = ["var/log/containers", "var/log/pods"].map { [root] in "\(root)/\($0)" }
    descriptors = try Self.files.map { [root] file, _ in
      let path = "\(root)/\(file)"
      let directory = URL(filePath: path).deletingLastPathComponent().path()
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      return try FileDescriptor.open(path, .readWrite, options: [.create], permissions: .ownerReadWrite)
    }
    for log in logs {
      try FileManager.default.createDirectory(atPath: log, withIntermediateDirectories: true)
    }
    names = ContainerNames(root: root)
  }

  func take(_ input: UnsafeRawBufferPointer) throws {
    var bytes = Bytes(input)
    let which = Int(bytes.byte())
    let content = bytes.take(input.count)
    if let last { ftruncate(descriptors[last].rawValue, 0) }
    last = nil
    guard which < descriptors.count else { return takeLog(named: content, in: logs[which & 1]) }
    try descriptors[which].writeAll(toAbsoluteOffset: 0, content)
    last = which
    checkCgroup(names.describe(cgroupPath: Self.files[which].1))
  }

  /// An entry of a directory of logs, whose name tells pod, namespace and container.
  private func takeLog(named bytes: UnsafeRawBufferPointer, in directory: String) {
    let ending = directory == logs[0] ? "-\(Self.id).log" : "_\(Self.uid)"
    let name = bytes.prefix(180).map { $0 == 0 || $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
    let path = (Array("\(directory)/".utf8) + name + Array(ending.utf8)).map { CChar(bitPattern: $0) } + [0]
    guard mkdir(path, 0o700) == 0 else { return }
    checkCgroup(names.describe(cgroupPath: Self.pod))
    rmdir(path)
  }
}
