import Testing

@testable import ConnectLatency

@Suite("Each filter passes what it names and nothing else")
struct FilterTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let filter: @Sendable () -> Filter
    let passes: [Connection]
    let drops: [Connection]

    init(
      _ description: String, _ filter: @escaping @Sendable () -> Filter, passes: [Connection],
      drops: [Connection]
    ) {
      testDescription = description
      self.filter = filter
      self.passes = passes
      self.drops = drops
    }
  }

  private static func to(_ address: String, port: UInt16 = 80) -> Connection {
    .sample(.sample(to: address, port: port), .sample(.response, to: address, port: port))
  }

  private static func from(_ address: String) -> Connection {
    .sample(.sample(), .sample(.response, from: address))
  }

  private static func of(
    pid: UInt32 = 1, uid: UInt32? = 1, netns: UInt32? = 1, comm: String = "a", tid: UInt32 = 1
  ) -> Connection {
    .sample(.sample(tid: tid, pid: pid, uid: uid, netns: netns, comm: comm))
  }

  static let cases: [Case] = [
    Case(
      "pid", { .pid([5, 7]) }, passes: [of(pid: 5), of(pid: 7)],
      drops: [of(pid: 6), of(pid: 0), of(pid: 6, tid: 5)]),
    Case("uid", { .uid([0, 7]) }, passes: [of(uid: 0), of(uid: 7)], drops: [of(uid: 6), of(uid: nil)]),
    Case("netns", { .netns([5]) }, passes: [of(netns: 5)], drops: [of(netns: 6), of(netns: nil)]),
    Case(
      "comm", { .comm([CommPattern("curl"), CommPattern("wget")]) },
      passes: [of(comm: "curl"), of(comm: "wget")],
      drops: [of(comm: "cur"), of(comm: "curl2"), of(comm: "Curl"), of(comm: "")]),
    Case(
      "comm by pattern", { .comm([CommPattern("php-fpm*")]) },
      passes: [of(comm: "php-fpm"), of(comm: "php-fpm8.2")], drops: [of(comm: "php"), of(comm: "")]),
    Case(
      "comm as long as the kernel cuts it", { .comm([CommPattern("a-very-long-program-name")]) },
      passes: [of(comm: "a-very-long-program-name"), of(comm: "a-very-long-pro")],
      drops: [of(comm: "a-very-long")]),
    Case(
      "source", { .source(in: [AddressBlock("10.0.0.0/8")!, AddressBlock("::1")!]) },
      passes: [from("10.1.2.3")], drops: [from("11.1.2.3"), from("0.0.0.0")]),
    Case(
      "destination", { .destination(in: [AddressBlock("10.0.0.0/8")!, AddressBlock("2001:db8::/32")!]) },
      passes: [to("10.1.2.3"), to("2001:db8:1::")],
      drops: [to("11.1.2.3"), to("2001:db9::"), to("::ffff:10.1.2.3")]),
    Case("IPv4", { .ip(isIPv4: true) }, passes: [to("1.2.3.4")], drops: [to("::1")]),
    Case("IPv6", { .ip(isIPv4: false) }, passes: [to("::1")], drops: [to("1.2.3.4")]),
    Case(
      "port", { .destinationPort(in: [80...80, 8000...8999]) },
      passes: [80, 8000, 8500, 8999].map { to("::1", port: $0) },
      drops: [79, 81, 7999, 9000, 0].map { to("::1", port: $0) }),
    Case(
      "latency", { .latency(atLeast: 1000) }, passes: [1000, 1001, 1 << 60].map { .sample(latency: $0) },
      drops: [0, 999].map { .sample(latency: $0) }),
    Case(
      "outcome", { .outcome([.refused, .aborted]) },
      passes: [.refused, .aborted].map { .sample(outcome: $0) },
      drops: [.established, .timeout, .unreachable, .failed].map { .sample(outcome: $0) }),
    Case(
      "cgroup", { .cgroup([GlobPattern("cron.service"), GlobPattern("*/docker-abc*")]) },
      passes: [
        .sample(cgroup: "/system.slice/cron.service"), .sample(cgroup: "/system.slice/cron.service/inner"),
        .sample(cgroup: "/system.slice/docker-abcdef.scope"),
      ],
      drops: [.sample(), .sample(cgroup: "/"), .sample(cgroup: "/system.slice/anacron.service")]),
    Case(
      "cgroup by its whole path", { .cgroup([GlobPattern("/user.slice/*")]) },
      passes: [.sample(cgroup: "/user.slice/user-1000.slice/session-1.scope")],
      drops: [.sample(cgroup: "/user.slice"), .sample(cgroup: "/a/user.slice/b")]),
    Case(
      "cgroup by what it lies below", { .cgroup([GlobPattern("/system.slice")]) },
      passes: [.sample(cgroup: "/system.slice"), .sample(cgroup: "/system.slice/a.service/b")],
      drops: [.sample(cgroup: "/system.slices"), .sample(cgroup: "/a/system.slice"), .sample(cgroup: "/")]),
    Case(
      "cgroup by its unit without .service", { .cgroup([GlobPattern("nginx")]) },
      passes: [.sample(cgroup: "/system.slice/nginx.service"), .sample(cgroup: "/lxc/nginx")],
      drops: [.sample(cgroup: "/system.slice/nginx2.service"), .sample(cgroup: "/system.slice/nginx.socket")]),
    Case(
      "cgroup by a container's id", { .cgroup([GlobPattern("01234567"), GlobPattern("fedc*")]) },
      passes: [
        .sample(cgroup: "/docker/\(ContainerPathTests.id)"),
        .sample(cgroup: "/system.slice/docker-\(ContainerPathTests.inner).scope"),
      ],
      drops: [.sample(cgroup: "/docker"), .sample(cgroup: "/0123456789")]),
    Case(
      "a condition of one's own", { Filter { $0.sourcePort > 5 } }, passes: [.sample()],
      drops: [.sample(.sample(), .sample(.response, sourcePort: 5))]),
  ]

  @Test("It passes and drops", arguments: cases)
  func filters(of testCase: Case) {
    let filter = testCase.filter()
    for var connection in testCase.passes { #expect(filter.process(&connection) == .pass) }
    for var connection in testCase.drops { #expect(filter.process(&connection) == .drop) }
  }

  @Test("An empty list passes nothing")
  func emptyLists() {
    let filters: [Filter] = [
      .pid([]), .uid([]), .netns([]), .comm([]), .source(in: []), .destination(in: []),
      .destinationPort(in: []),
      .outcome([]), .cgroup([]),
    ]
    for filter in filters {
      var connection = Connection.sample(cgroup: "/a")
      #expect(filter.process(&connection) == .drop)
    }
  }

  @Test("Every outcome is found by its name", arguments: Outcome.allCases)
  func outcomeNames(outcome: Outcome) {
    #expect(Outcome(name: "\(outcome)") == outcome)
    #expect(Outcome(name: "\(outcome)s") == nil)
  }

  static let patterns: [(pattern: String, matches: [String], others: [String])] = [
    ("", [""], ["a"]), ("abc", ["abc"], ["ab", "abcd", "xabc", "ABC"]),
    ("*", ["", "a", "/a/b", ".a"], []), ("/a/*", ["/a/b", "/a/b/c", "/a/"], ["/a", "/b/a/c"]),
    ("*abc*", ["abc", "/x/docker-abcdef.scope"], ["ab"]), ("a?c", ["abc", "a/c"], ["ac", "abbc"]),
    ("a.c", ["a.c"], ["abc"]), ("*.service", ["cron.service", ".service"], ["cron.service/x"]),
    (
      #"system-systemd\x2dcoredump.slice"#, [#"system-systemd\x2dcoredump.slice"#],
      ["system-systemdx2dcoredump.slice"]
    ),
    ("[ab]", ["[ab]"], ["a", "b", "[", "ab"]), ("*[*", ["x[1]", "["], ["x"]), ("[!a]*", ["[!a]b"], ["b"]),
    (#"*\x2d*"#, [#"a\x2db.slice"#], ["a-b.slice"]),
  ]

  @Test("A pattern is as a shell's, but for slashes, and means all of the text", arguments: patterns)
  func glob(pattern: String, matches: [String], others: [String]) {
    for text in matches { #expect(GlobPattern(pattern).matches(text), "\(text)") }
    for text in others { #expect(!GlobPattern(pattern).matches(text), "\(text)") }
  }
}
