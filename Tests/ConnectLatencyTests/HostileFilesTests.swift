import Foundation
import Testing

@testable import ConnectLatency

@Suite("Strange files cost a name, never a row and never time")
struct HostileFilesTests {
  static let id = ContainerPathTests.id
  static let file = "var/lib/docker/containers/\(id)/config.v2.json"

  private static func label(_ root: TemporaryRoot) -> String {
    ContainerNamesTests.label("/docker/\(id)", in: root)
  }

  static let contents: [[UInt8]] = [
    [], Array("{".utf8), Array("null".utf8), Array("[]".utf8), Array(#"{"Name":7}"#.utf8),
    Array(#"{"Name":null}"#.utf8), Array(#"{"Name":""}"#.utf8), Array(#"{"Name":"/"}"#.utf8),
    [0xff, 0xfe, 0x00],
    Array(#"{"Name":"/web""#.utf8), [UInt8](repeating: UInt8(ascii: "["), count: 500_000),
    Array(#"{"Name":"/web"}"#.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20),
  ]

  @Test("Files that are not as expected, or too large", arguments: contents)
  func noName(content: [UInt8]) throws {
    let root = try TemporaryRoot()
    try root.write(Self.file, content)
    #expect(Self.label(root) == "0123456789ab (docker)")
  }

  @Test("Invalid UTF-8 in a name, and in a list beside others")
  func invalidUTF8() throws {
    let root = try TemporaryRoot()
    try root.write(Self.file, Array(#"{"Name":"/a"#.utf8) + [0xff, 0xc0] + Array(#"b"}"#.utf8))
    #expect(Self.label(root).hasSuffix(" (docker)"))
  }

  @Test("Control characters reach neither a terminal nor JSON")
  func controlCharacters() throws {
    let root = try TemporaryRoot()
    try root.write(Self.file, #"{"Name":"/a\u001b[2J\u0000\n\"b"}"#)
    let cgroup = ContainerNamesTests.describe("/docker/\(Self.id)", in: root)
    #expect(cgroup.label.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
    #expect(String(decoding: cgroup.json, as: UTF8.self).contains(#""name":"a\u001b[2J\u0000"#))
    #expect(cgroup.json.allSatisfy { $0 >= 0x20 })
  }

  @Test("A name of any length is cut")
  func longName() throws {
    let root = try TemporaryRoot()
    try root.write(Self.file, #"{"Name":"/\#(String(repeating: "n", count: 100_000))"}"#)
    #expect(ContainerNamesTests.describe("/docker/\(Self.id)", in: root).container?.name?.count == 253)
  }

  @Test("FIFOs, directories, devices and links to nowhere, in circles or out of the root")
  func notRegular() throws {
    let root = try TemporaryRoot()
    try root.makePipe(Self.file)
    #expect(Self.label(root) == "0123456789ab (docker)")
    let directory = try TemporaryRoot()
    try directory.makeDirectory(Self.file)
    #expect(Self.label(directory) == "0123456789ab (docker)")
    let outside = try TemporaryRoot()
    try outside.write("name.json", #"{"Name":"/outside"}"#)
    for target in [
      "/nonexistent", "config.v2.json", "/dev/zero", "\(outside.path)/name.json", "/proc/self/exe",
    ] {
      let linked = try TemporaryRoot()
      try linked.link(Self.file, to: target)
      #expect(Self.label(linked) == "0123456789ab (docker)", "\(target)")
    }
  }

  @Test("Files that change while they are read: the old name, the new one or none")
  func changing() throws {
    let root = try TemporaryRoot()
    let path = "\(root.path)/\(Self.file)"
    let long = String(repeating: " ", count: 200_000)
    try root.write(Self.file, #"{"Name":"/old"}"#)
    let (stop, stopped) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    Thread.detachNewThread {
      var round = 0
      while stop.wait(timeout: .now()) == .timedOut {
        round += 1
        // Written in place, replaced by another file, by a link, by a FIFO, and gone.
        switch round % 5 {
        case 0: try? Data(#"{"Name":"/new"\#(long)}"#.utf8).write(to: URL(filePath: path))
        case 1: try? Data(#"{"Name":"/old"}"#.utf8).write(to: URL(filePath: path), options: .atomic)
        case 2: _ = (unlink(path), symlink("/dev/zero", path))
        case 3: _ = (unlink(path), mkfifo(path, 0o600))
        default: unlink(path)
        }
      }
      stopped.signal()
    }
    var labels: Set<String> = []
    let end = Date(timeIntervalSinceNow: 0.5)
    while Date() < end { labels.insert(Self.label(root)) }
    stop.signal()
    stopped.wait()
    #expect(labels.isSubset(of: ["old (docker)", "new (docker)", "0123456789ab (docker)"]), "\(labels)")
    #expect(labels.count > 1)
  }

  @Test("A directory of very many names is read up to a limit")
  func manyNames() throws {
    let root = try TemporaryRoot()
    for number in 0..<100 { try root.write("many/\(number)", "") }
    #expect(HostFiles(root: root.path).names(in: "many").count == 100)
    #expect(HostFiles(root: root.path).names(in: "many", limit: 7).count == 7)
  }

  @Test("A link within the root is followed as the host would follow it")
  func linkInside() throws {
    let root = try TemporaryRoot()
    try root.write("data/containers/\(Self.id)/config.v2.json", #"{"Name":"/web"}"#)
    try root.link("var/lib/docker", to: "/data")
    #expect(Self.label(root) == "web (docker)")
  }

  @Test("No root, and pod logs that only look like such")
  func others() throws {
    let root = try TemporaryRoot()
    let pod = "/kubepods/pod\(ContainerPathTests.uid)/\(Self.id)"
    try root.makeDirectory("var/log/pods/a_b_c_\(ContainerPathTests.uid)/x")
    try root.write("var/log/containers/a_b-\(Self.id).log", "")
    try root.makePipe("etc/passwd")
    try root.makePipe("etc/docker/daemon.json")
    try root.makePipe("etc/containers/storage.conf")
    try root.makePipe("var/lib/containers/storage")
    #expect(ContainerNamesTests.label(pod, in: root) == "\(ContainerPathTests.uid)/0123456789ab (k8s)")
    let names = ContainerNames(root: "/nonexistent")
    let container = Container(runtime: .docker, id: Self.id)
    #expect(names.complete(container, cgroupPath: "/docker/\(Self.id)", unit: nil) == container)
  }
}
