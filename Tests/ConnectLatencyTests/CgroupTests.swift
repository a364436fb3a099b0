import Testing

@testable import ConnectLatency

@Suite("Which cgroup a process is in")
struct CgroupTests {
  static let container = String(repeating: "0123456789abcdef", count: 4)

  /// `/proc/PID/cgroup` as real systems have it.
  static let files: [(String, String)] = [
    ("0::/system.slice/cron.service\n", "/system.slice/cron.service"), ("0::/\n", "/"), ("", "/"),
    ("0::/user.slice/user-1000.slice/session-2.scope\n", "/user.slice/user-1000.slice/session-2.scope"),
    ("0::/system.slice/docker-\(container).scope\n", "/system.slice/docker-\(container).scope"),
    // v1, Docker with the cgroupfs driver
    (
      """
      12:perf_event:/docker/\(container)
      11:pids:/docker/\(container)
      4:memory:/docker/\(container)
      3:cpu,cpuacct:/docker/\(container)
      1:name=systemd:/docker/\(container)

      """, "/docker/\(container)"
    ),
    // v1, systemd: controllers stop at the slice, the named hierarchy goes on
    (
      """
      11:pids:/user.slice/user-1000.slice
      9:memory:/user.slice
      3:cpu,cpuacct:/user.slice
      1:name=systemd:/user.slice/user-1000.slice/session-2.scope

      """, "/user.slice/user-1000.slice/session-2.scope"
    ),
    // hybrid, systemd in both
    (
      """
      9:memory:/system.slice/ssh.service
      1:name=systemd:/system.slice/ssh.service
      0::/system.slice/ssh.service

      """, "/system.slice/ssh.service"
    ),
    // hybrid, the v2 hierarchy mounted and unused
    ("5:memory:/libpod_parent/libpod-\(container)\n4:pids:/\n0::/\n", "/libpod_parent/libpod-\(container)"),
    // v1 without systemd, memory at its root
    ("3:memory:/\n2:pids:/batch/7\n1:cpu:/other\n", "/batch/7"), ("2:cpu:/only\n1:cpuset:/\n", "/only"),
    // a path with colons, and what is no line
    ("0::/a:b:c\n", "/a:b:c"), ("garbage\n0::/x\n", "/x"), ("0::/no-newline", "/no-newline"),
  ]

  @Test("The text of /proc/PID/cgroup gives the path that says most", arguments: files)
  func path(text: String, expected: String) {
    #expect(ProcessFiles.cgroupPath(in: text) == expected)
  }

  static let units: [(String, String?, [String])] = [
    ("/", nil, []), ("/docker/abc", nil, ["abc"]),
    ("/system.slice/cron.service", "cron.service", ["cron.service"]),
    ("/system.slice/docker-abc.scope", "docker-abc.scope", ["docker-abc.scope"]),
    ("/system.slice/x.service/inner/leaf", "x.service", ["leaf", "x.service"]),
    ("/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope", "app-x.scope", ["app-x.scope"]),
    ("/user.slice", "user.slice", ["user.slice"]), ("/system.slice/a.socket", "a.socket", ["a.socket"]),
    ("/system.slice/data.mount", "data.mount", ["data.mount"]),
  ]

  @Test("The unit is the innermost that systemd made", arguments: units)
  func unit(path: String, unit: String?, names: [String]) {
    let cgroup = Cgroup(path: path)
    #expect(cgroup.unit == unit)
    #expect(cgroup.names.starts(with: [path]))
    #expect(names.allSatisfy(cgroup.names.contains))
  }

  @Test("A table finds what it was given, also again and after a change")
  func table() {
    var table = CgroupTable(maximum: 16)
    #expect(table.find(1) == nil)
    table.insert(Cgroup(path: "/a"), id: 1)
    #expect(table.find(1)?.path == "/a" && table.find(1)?.path == "/a")
    table.insert(Cgroup(path: "/b"), id: 1)
    #expect(table.find(1)?.path == "/b")
    #expect(table.find(2) == nil)
  }

  @Test("A full table forgets what came first, and never more than it must hold")
  func tableBound() {
    var table = CgroupTable(maximum: 16)
    for id in 1...1000 as ClosedRange<UInt64> {
      table.insert(Cgroup(path: "/\(id)"), id: id)
      let held = (1...id).filter { table.find($0) != nil }
      #expect(held.count <= 16 && held.count >= min(Int(id), 14))
      #expect(held == Array((id + 1 - UInt64(held.count))...id))
    }
  }

  @Test("A change to a full table forgets nothing")
  func changeWhenFull() {
    var table = CgroupTable(maximum: 16)
    for id in 1...16 as ClosedRange<UInt64> { table.insert(Cgroup(path: "/\(id)"), id: id) }
    table.insert(Cgroup(path: "/new"), id: 9)
    #expect((1...16 as ClosedRange<UInt64>).allSatisfy { table.find($0) != nil })
    #expect(table.find(9)?.path == "/new")
  }

  @Test("What is forgotten is not found through the memory of the last one asked for")
  func lastIsForgotten() {
    var table = CgroupTable(maximum: 16)
    table.insert(Cgroup(path: "/1"), id: 1)
    for id in 2...40 as ClosedRange<UInt64> {
      _ = table.find(1)
      table.insert(Cgroup(path: "/\(id)"), id: id)
    }
    #expect(table.find(1) == nil)
  }
}
