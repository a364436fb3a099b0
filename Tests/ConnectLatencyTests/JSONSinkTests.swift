import Foundation
import Glibc
import SystemPackage
import Testing

@testable import ConnectLatency

@Suite("JSON lines")
struct JSONSinkTests {
  private static func lines(showsCgroup: Bool = false, _ connections: Connection...) throws -> [Substring] {
    try written(connections) { JSONSink(to: $0, showsCgroup: showsCgroup) }.split(separator: "\n")
  }

  @Test("The keys are all there, in the order that is promised")
  func allKeys() throws {
    let connection = Connection.sample(
      .sample(at: 1_000_000),
      .sample(.close, at: 2_234_567, error: UInt16(ETIMEDOUT), retransmits: 6), outcome: .timeout,
      error: UInt16(ETIMEDOUT), clockOffset: 1_767_323_045_000_000_000, cgroup: "/system.slice/cron.service")
    #expect(
      try Self.lines(showsCgroup: true, connection) == [
        #"{"time":"2026-01-02T03:04:05.002234567Z","pid":1201,"tid":1202,"uid":1000,"comm":"wget","ip":4,"#
          + #""saddr":"10.153.223.157","sport":40312,"daddr":"23.23.100.231","dport":80,"latency_ms":1.234567,"#
          + #""outcome":"timeout","errno":"ETIMEDOUT","retransmits":6,"netns":4026531840,"#
          + #""cgroup":"/system.slice/cron.service","unit":"cron.service"}"#
      ])
  }

  @Test("What is not known is absent")
  func unknown() throws {
    let connection = Connection.sample(
      .sample(tid: 0, pid: 0, uid: nil, netns: nil, comm: "", to: "2001:db8::1"),
      .sample(.close, at: 1_000_000, retransmits: nil, from: "::", sourcePort: 0, to: "2001:db8::1"),
      outcome: .aborted, cgroup: "/user.slice")
    #expect(
      try Self.lines(connection) == [
        #"{"time":"1970-01-01T00:00:00.001000000Z","ip":6,"daddr":"2001:db8::1","dport":80,"#
          + #""latency_ms":0.000000,"outcome":"aborted"}"#
      ])
  }

  @Test("Root's uid, a port of 0 and no retransmission are known")
  func zeros() throws {
    let line = try Self.lines(.sample(.sample(uid: 0, port: 0)))[0]
    #expect(
      line.contains(#","uid":0,"#) && line.contains(#","dport":0,"#) && line.contains(#","retransmits":0,"#))
  }

  @Test("A cgroup is shown only when it was asked for")
  func cgroup() throws {
    #expect(try !Self.lines(.sample(cgroup: "/a.slice"))[0].contains("cgroup"))
    #expect(try Self.lines(showsCgroup: true, .sample(cgroup: "/a\"b"))[0].hasSuffix(#","cgroup":"/a\"b"}"#))
    #expect(try !Self.lines(showsCgroup: true, .sample())[0].contains("cgroup"))
  }

  @Test("An errno without a name is a number")
  func errnos() throws {
    #expect(try Self.lines(.sample(outcome: .failed, error: 999))[0].contains(#""errno":"errno 999""#))
  }

  @Test("Every outcome has its name", arguments: Outcome.allCases)
  func outcomes(outcome: Outcome) throws {
    #expect(try Self.lines(.sample(outcome: outcome))[0].contains(#","outcome":"\#(outcome)","#))
  }

  @Test(
    "Latency is exact to the nanosecond",
    arguments: [
      (0, "0.000000"), (1, "0.000001"), (999_999, "0.999999"), (1_000_000, "1.000000"),
      (127_000_000_005, "127000.000005"), (UInt64.max - 5_000, "18446744073709.546615"),
    ])
  func latency(nanoseconds: UInt64, expected: String) throws {
    #expect(try Self.lines(.sample(latency: nanoseconds))[0].contains(#","latency_ms":\#(expected),"#))
  }

  @Test("Whatever the record, its line is an object that says the same", arguments: 0..<20 as Range<UInt64>)
  func parses(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let connections = (0..<50).map { _ in Connection.random(&random) }
    let lines = try written(connections) { JSONSink(to: $0, showsCgroup: true) }
      .split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 51 && lines.last == "")
    for (line, connection) in zip(lines, connections) {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["pid"] as? UInt32 == connection.start.pid)
      #expect(object["tid"] as? UInt32 == connection.start.tid)
      #expect(object["uid"] as? UInt32 == connection.start.uid)
      #expect(object["netns"] as? UInt32 == connection.start.netns)
      #expect((object["comm"] != nil) == !connection.start.comm.isEmpty)
      #expect(
        (object["saddr"] as? String).flatMap { IPAddress($0) } ?? connection.source == connection.source)
      #expect((object["daddr"] as? String).flatMap { IPAddress($0) } == connection.destination)
      #expect(object["retransmits"] as? UInt16 == connection.end.retransmits)
      #expect(object["errno"] as? String == connection.errorName)
      #expect(object["outcome"] as? String == "\(connection.outcome)")
    }
  }
}

extension Connection {
  /// One of which each part may be anything.
  fileprivate static func random(_ random: inout SplitMix64) -> Connection {
    let isIPv4 = random.once(in: 2)
    func address() -> IPAddress {
      isIPv4
        ? IPAddress(words: (UInt64(UInt32(truncatingIfNeeded: random.next())).littleEndian, 0), isIPv4: true)
        : IPAddress(words: (random.next(), random.next()), isIPv4: false)
    }
    func number() -> UInt32? { random.once(in: 4) ? nil : UInt32.random(in: 1...UInt32.max, using: &random) }
    let destination = address()
    let start = StartRecord(
      time: random.next(), sock: someSock, tid: number() ?? 0, pid: number() ?? 0, uid: number(),
      netns: number(),
      cgroup: nil, comm: Comm(random.name(Int.random(in: 0...15, using: &random))), destination: destination,
      destinationPort: UInt16.random(in: 0...65_535, using: &random))
    let end = EndRecord(
      kind: .close, time: random.next(), sock: someSock, error: 0, retransmits: random.once(in: 3) ? nil : 7,
      source: address(), sourcePort: UInt16.random(in: 0...65_535, using: &random), destination: destination,
      destinationPort: start.destinationPort)
    let path = "/" + String(decoding: random.name(12), as: UTF8.self)
    return .sample(
      start, end, outcome: Outcome.allCases.randomElement(using: &random) ?? .aborted,
      error: UInt16.random(in: 0...140, using: &random),
      clockOffset: Int64(truncatingIfNeeded: random.next()),
      cgroup: random.once(in: 2) ? path : nil)
  }
}
