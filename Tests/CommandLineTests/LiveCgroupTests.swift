import Foundation
import Testing

/// Cgroups that are gone before their connects are read: the tool collects for a second, they live for milliseconds.
@Suite("A live trace of cgroups", .serialized)
struct LiveCgroupTests {
  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private static let uid = "1b2c3d4e-5f60-4718-8a9b-0c1d2e3f4a5b"

  /// What kubelet leaves of a container, in a directory that is laid out as a host's.
  private static func makeHost() throws -> URL {
    let host = URL.temporaryDirectory.appending(path: "tcpconnlat-host-\(UUID())")
    let pod = host.appending(path: "var/log/pods/shop_cart-7f9c_\(uid)/app")
    let links = host.appending(path: "var/log/containers")
    for directory in [pod, links] {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }
    try FileManager.default.createSymbolicLink(
      atPath: links.appending(path: "cart-7f9c_shop_app-\(id).log").path(),
      withDestinationPath: "/var/log/pods/shop_cart-7f9c_\(uid)/app/0.log")
    return host
  }

  @Test("names the pod of a connect whose process and cgroup are gone, by kubelet's files below --host-root")
  func pod() throws {
    let host = try Self.makeHost()
    defer { try? FileManager.default.removeItem(at: host) }
    let listener = try Listener()
    let trace = try LiveTrace.start(
      ["--json", "--cgroup", "--flush", "1s", "-P", "\(listener.port)", "--host-root", host.path()])
    let path = try BriefCgroup.connect(
      from: "kubepods/burstable/pod\(Self.uid)/\(Self.id)", to: listener.port)
    let rows = try trace.interrupt().objects
    #expect(rows.count == 1)
    #expect(rows.first?["cgroup"] as? String == path)
    #expect(
      rows.first?["container"] as? [String: String]
        == ["id": Self.id, "name": "app", "pod": "cart-7f9c", "namespace": "shop"])
  }

  @Test(
    "shows one of two with --in-cgroup",
    arguments: ["shop", "shop/cart-*", "cart-7f9c", "app", "0123456789ab"])
  func inCgroup(pattern: String) throws {
    let host = try Self.makeHost()
    defer { try? FileManager.default.removeItem(at: host) }
    let listener = try Listener()
    let trace = try LiveTrace.start(
      ["--cgroup", "--in-cgroup", pattern, "-P", "\(listener.port)", "--host-root", host.path()])
    for path in ["system.slice/nginx.service", "kubepods/burstable/pod\(Self.uid)/\(Self.id)"] {
      _ = try BriefCgroup.connect(from: path, to: listener.port)
    }
    let rows = try trace.interrupt().rows
    #expect(rows.count == 2 && rows.last?.hasSuffix(" shop/cart-7f9c/app (k8s)") == true, "\(rows)")
  }

  @Test("shows the unit of a service that is gone, also from a recording")
  func service() throws {
    let file = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID()).rec")
    defer { try? FileManager.default.removeItem(at: file) }
    let listener = try Listener()
    let trace = try LiveTrace.start(
      ["--cgroup", "--flush", "1s", "-P", "\(listener.port)", "--record", file.path()])
    _ = try BriefCgroup.connect(from: "system.slice/brief.service", to: listener.port)
    let live = try trace.interrupt()
    #expect(live.rows.count == 2 && live.rows.last?.hasSuffix(" brief.service") == true, "\(live.rows)")
    let replayed = try Tool.run("replay", file.path(), "--cgroup", "-P", "\(listener.port)")
    #expect(replayed.output == live.output)
  }
}

/// A cgroup that lives as long as one process with one connect.
private enum BriefCgroup {
  /// The hierarchy that containers are in on this machine.
  private static var hierarchy: String? {
    ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"].first {
      FileManager.default.fileExists(atPath: $0 + "/cgroup.procs")
    }
  }

  /// Makes the cgroup, connects in it, and removes it.
  /// - Returns: its path.
  static func connect(from path: String, to port: UInt16) throws -> String {
    let root = try #require(hierarchy, "no cgroup hierarchy is mounted at /sys/fs/cgroup: mount one")
    let top = "tcpconnlat-test-\(UUID())"
    let directory = "\(root)/\(top)/\(path)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/bash")
    shell.arguments = [
      "-c", "echo $$ > \(directory)/cgroup.procs && exec 3<> /dev/tcp/127.0.0.1/\(port)",
    ]
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    var below = "\(top)/\(path)"
    while !below.isEmpty {
      #expect(rmdir("\(root)/\(below)") == 0, "\(below): \(String(cString: strerror(errno)))")
      below = below.split(separator: "/").dropLast().joined(separator: "/")
    }
    return "/\(top)/\(path)"
  }
}
