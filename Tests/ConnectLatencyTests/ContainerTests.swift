import Testing

@testable import ConnectLatency

@Suite("Containers in patterns, recordings and refreshes")
struct ContainerTests {
  static let cart = Container(
    runtime: .containerd, id: ContainerPathTests.id, name: "app", pod: "cart-7f9c", namespace: "shop",
    podUID: ContainerPathTests.uid)
  static let path = "/kubepods/pod\(ContainerPathTests.uid)/\(ContainerPathTests.id)"

  static let patterns: [(String, Bool)] = [
    ("app", true), ("cart-*", true), ("shop", true), ("shop/cart-7f9c", true), ("shop/*/app", true),
    ("0123456789ab", true), ("0123*", true), ("*cdef", true), (ContainerPathTests.uid, true),
    ("/kubepods", true),
    ("012", false), ("9abc", false), ("cart", false), ("shop/", false), ("", false), ("*.service", false),
  ]

  @Test("A pattern names a container by anything it goes by", arguments: patterns)
  func pattern(pattern: String, isNamed: Bool) {
    let cgroup = Cgroup(path: Self.path, container: Self.cart, unit: nil)
    #expect(cgroup.matches([GlobPattern(pattern)]) == isNamed)
  }

  @Test("The filter follows a cgroup whose name becomes known later")
  func filterFollows() {
    let filter = Filter.cgroup([GlobPattern("cart-7f9c")])
    var connection = Connection.sample(cgroup: Self.path)
    #expect(filter.process(&connection) == .drop)
    connection.cgroup = Cgroup(path: Self.path, container: Self.cart, unit: nil)
    #expect(filter.process(&connection) == .pass)
  }

  @Test("A recording has all that was found, and gives it back")
  func recorded() throws {
    let full = Cgroup(path: Self.path, container: Self.cart, unit: "x.scope")
    let partial = Cgroup(path: "/docker/\(ContainerPathTests.id)")
    let bytes = try recording(of: Record.variety) {
      $0.write(full, id: 1)
      $0.write(partial, id: 2)
      $0.write(Cgroup(path: "/a.slice"), id: 3)
    }
    let source = try RecordingSource(bytes: bytes, name: "test")
    while try source.nextBatch({ _ in }) {}
    #expect(source.cgroup(1, at: 0) == full && source.cgroup(2, at: 0) == partial)
    #expect(source.cgroup(1, at: 0)?.json == full.json && source.cgroup(1, at: 0)?.label == full.label)
    #expect(source.cgroup(3, at: 0)?.container == nil && source.cgroup(3, at: 0)?.unit == "a.slice")
  }

  @Test("Fields of a later version are passed over, and cut ones are what is left of them")
  func unknownFields() {
    let fields: [UInt8] =
      [99, 2, 1, 2, 3, 3] + Array("web".utf8) + [1, 6] + Array("podman".utf8) + [2, 9, 0x61]
    let cgroup = fields.withUnsafeBytes { Cgroup(path: "/x", fields: $0) }
    #expect(cgroup.container == Container(runtime: .podman, id: "a", name: "web"))
  }

  @Test("The pid in a container travels in the start record, behind netns in JSON")
  func pidInContainer() throws {
    var start = StartRecord.sample()
    for pid in [1, 65_535, 65_536, 4_194_304] as [UInt32] {
      start.pidInContainer = pid
      #expect(start.pidInContainer == pid)
    }
    start.pidInContainer = 7
    let json = try written([.sample(start, cgroup: "/lxc/web"), .sample(cgroup: "/lxc/web")]) {
      JSONSink(to: $0, showsCgroup: true)
    }.split(separator: "\n")
    #expect(json[0].hasSuffix(#""name":"web"},"pid_in_container":7}"#))
    #expect(!json[1].contains("pid_in_container"))
    start.pidInContainer = start.pid
    #expect(try !written([.sample(start)]) { JSONSink(to: $0, showsCgroup: true) }.contains("pid_in"))
    #expect(ProcessFiles.innermostPID(in: "Name:\tx\nNSpid:\t4000\t17\t1\nVmPeak:\t1 kB\n") == 1)
    #expect(ProcessFiles.innermostPID(in: "Name:\tNSpid:\t5\n") == nil)
  }

  @Test("A whole cgroup is looked at again after seconds, one without its name soon and then less often")
  func schedule() {
    var schedule = RefreshSchedule()
    #expect(schedule.next == .max)
    schedule.looked(at: 100, foundAll: true)
    #expect(schedule.next == 100 + RefreshSchedule.interval)
    var waits: [UInt64] = []
    for _ in 1...12 {
      let now = schedule.next
      schedule.looked(at: now, foundAll: false)
      waits.append(schedule.next - now)
    }
    #expect(waits.first == RefreshSchedule.firstWait && waits.last == RefreshSchedule.interval)
    #expect(waits == waits.sorted())
    schedule.looked(at: 0, foundAll: true)
    schedule.looked(at: 0, foundAll: false)
    #expect(schedule.next == RefreshSchedule.firstWait)
  }
}
