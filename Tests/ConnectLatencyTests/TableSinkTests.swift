import Foundation
import Glibc
import SystemPackage
import Testing

@testable import ConnectLatency

@Suite("The table")
struct TableSinkTests {
  private static func table(_ columns: TableSink.Columns = [], _ connections: Connection...) throws -> String
  {
    try written(connections) { try TableSink(to: $0, columns: columns) }
  }

  @Test("Its columns are the original tool's, byte for byte")
  func seedExample() throws {
    func row(_ pid: UInt32, _ comm: String, _ peer: String, _ port: UInt16, _ latency: UInt64) -> Connection {
      .sample(
        .sample(at: 7_000, pid: pid, comm: comm, to: peer, port: port),
        .sample(.response, at: 7_000 + latency * 10_000, to: peer, port: port))
    }
    let table = try Self.table(
      [],
      row(1201, "wget", "23.23.100.231", 80, 165), row(1201, "wget", "23.23.100.231", 443, 160),
      row(1433, "curl", "104.20.25.153", 80, 75), row(1690, "wget", "66.220.156.68", 443, 95),
      row(2852, "curl", "23.101.17.61", 80, 25_086))
    #expect(
      table == """
        PID    COMM         IP SADDR            DADDR            DPORT LAT(ms)
        1201   wget         4  10.153.223.157   23.23.100.231    80    1.65
        1201   wget         4  10.153.223.157   23.23.100.231    443   1.60
        1433   curl         4  10.153.223.157   104.20.25.153    80    0.75
        1690   wget         4  10.153.223.157   66.220.156.68    443   0.95
        2852   curl         4  10.153.223.157   23.101.17.61     80    250.86

        """)
  }

  @Test("The header goes out at once, before there is a row")
  func headerAtOnce() throws {
    let file = try TemporaryFile()
    let sink = try TableSink(to: file.descriptor, columns: [.time, .localPort, .cgroup])
    #expect(
      try file.text
        == "TIME(s)  PID    COMM         IP SADDR            LPORT  DADDR            DPORT LAT(ms)"
        + "               CGROUP\n")
    try sink.flush()
  }

  @Test("TIME(s) counts from the first row, with no space behind it")
  func time() throws {
    func row(_ end: UInt64) -> Connection { .sample(.sample(at: 0), .sample(.response, at: end)) }
    let first: UInt64 = 50_000_000_000
    let rows = try Self.table(
      .time, row(first), row(first + 1_500_000), row(first + 12_345_678_000), row(first - 5_000_000),
      row(first + 99_999_999_000_000)
    ).split(separator: "\n").dropFirst()
    #expect(
      rows.map { $0.prefix(13) } == [
        "0.000    1201", "0.002    1201", "12.346   1201", "0.000    1201", "99999.9991201",
      ])
  }

  @Test("LPORT comes after SADDR")
  func localPort() throws {
    let table = try Self.table(.localPort, .sample())
    #expect(
      table == """
        PID    COMM         IP SADDR            LPORT  DADDR            DPORT LAT(ms)
        1201   wget         4  10.153.223.157   40312  23.23.100.231    80    1.65

        """)
  }

  static let endings: [(Outcome, Int32, String)] = [
    (.established, 0, "1.65"), (.refused, ECONNREFUSED, "1.65 ECONNREFUSED"),
    (.timeout, ETIMEDOUT, "1.65 ETIMEDOUT"), (.unreachable, EHOSTUNREACH, "1.65 EHOSTUNREACH"),
    (.unreachable, ENETUNREACH, "1.65 ENETUNREACH"), (.failed, EADDRNOTAVAIL, "1.65 EADDRNOTAVAIL"),
    (.failed, 0, "1.65 failed"), (.aborted, 0, "1.65 aborted"), (.aborted, ECONNABORTED, "1.65 ECONNABORTED"),
    (.failed, 999, "1.65 errno 999"), (.failed, 35, "1.65 errno 35"),
  ]

  @Test("What was not established says so after its latency", arguments: endings)
  func ending(outcome: Outcome, error: Int32, expected: String) throws {
    let table = try Self.table([], .sample(outcome: outcome, error: UInt16(error)))
    #expect(table.hasSuffix("80    \(expected)\n"))
  }

  @Test(
    "Latency has two decimals, rounded, at any size",
    arguments: [
      (0, "0.00"), (4_999, "0.00"), (5_000, "0.01"), (994_999, "0.99"), (995_000, "1.00"),
      (1_000_000, "1.00"),
      (127_000_000_000, "127000.00"), (UInt64.max - 5_000, "18446744073709.55"),
    ])
  func latency(nanoseconds: UInt64, expected: String) throws {
    let table = try Self.table([], .sample(latency: nanoseconds))
    #expect(table.hasSuffix(" \(expected)\n"))
  }

  @Test("CGROUP is last, in a column of its own, and printable")
  func cgroup() throws {
    let table = try Self.table(
      .cgroup, .sample(cgroup: "/system.slice/cron.service"),
      .sample(outcome: .refused, error: UInt16(ECONNREFUSED), cgroup: "/a\u{1B}[2Jb"), .sample())
    #expect(
      table == """
        PID    COMM         IP SADDR            DADDR            DPORT LAT(ms)               CGROUP
        1201   wget         4  10.153.223.157   23.23.100.231    80    1.65                  cron.service
        1201   wget         4  10.153.223.157   23.23.100.231    80    1.65 ECONNREFUSED     /a?[2Jb
        1201   wget         4  10.153.223.157   23.23.100.231    80    1.65

        """)
  }

  @Test("IPv6 is in full, wider than its column where it must be")
  func version6() throws {
    let peer = "2001:db8:1:2:3:4:5:6"
    let long = Connection.sample(.sample(to: peer), .sample(.response, from: "fe80::1", to: peer))
    let short = Connection.sample(.sample(to: "::1"), .sample(.response, from: "::1", to: "::1"))
    #expect(
      try Self.table([], long, short) == """
        PID    COMM         IP SADDR            DADDR            DPORT LAT(ms)
        1201   wget         6  fe80::1          2001:db8:1:2:3:4:5:6 80    1.65
        1201   wget         6  ::1              ::1              80    1.65

        """)
  }

  @Test(
    "COMM is twelve characters wide, however many bytes they take",
    arguments: [
      ("a", "a            4"), ("averylongname12", "averylongnam 4"), ("naïve", "naïve        4"),
      ("a\u{1B}[31mb", "a?[31mb      4"), ("", "             4"),
    ])
  func comm(name: String, expected: String) throws {
    let table = try Self.table([], .sample(.sample(comm: name)))
    #expect(table.split(separator: "\n")[1].hasPrefix("1201   " + expected))
  }

  @Test("A pid that needs more than its column is not cut, an unknown one is 0")
  func pid() throws {
    let rows = try Self.table([], .sample(.sample(pid: 4_194_304)), .sample(.sample(pid: 0))).split(
      separator: "\n")
    #expect(rows[1].hasPrefix("4194304 wget         4  "))
    #expect(rows[2].hasPrefix("0      wget         4  "))
  }

  @Test("Rows are as printf makes them of the original's format", arguments: 0..<10 as Range<UInt64>)
  func asPrintf(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var expected = "PID    COMM         IP SADDR            DADDR            DPORT LAT(ms)\n"
    let connections = (0..<50).map { _ in
      let (pid, port) = (
        UInt32.random(in: 1...4_194_304, using: &random), UInt16.random(in: 0...65_535, using: &random)
      )
      let comm = String(
        (0..<Int.random(in: 1...15, using: &random)).map { _ in
          Character(Unicode.Scalar(UInt8.random(in: 0x21...0x7e, using: &random)))
        })
      let peer =
        "\(UInt8.random(in: 0...255, using: &random)).2.3.\(UInt8.random(in: 0...255, using: &random))"
      // Whole hundredths: printf would round what a double makes of the others.
      let latency = UInt64.random(in: 0...10_000_000, using: &random) * 10_000
      expected += comm.padding(toLength: 12, withPad: " ", startingAt: 0).withCString { comm in
        String(
          format: "%-6d %-12.12s %-2d %-16@ %-16@ %-5d %.2f\n", Int(pid), comm, 4,
          "10.153.223.157".padding(toLength: 16, withPad: " ", startingAt: 0),
          peer.padding(toLength: 16, withPad: " ", startingAt: 0), Int(port), Double(latency) / 1e6)
      }
      return Connection.sample(
        .sample(at: 1_000, pid: pid, comm: comm, to: peer, port: port),
        .sample(.response, at: 1_000 + latency, to: peer, port: port))
    }
    #expect(try written(connections) { try TableSink(to: $0) } == expected)
  }
}
