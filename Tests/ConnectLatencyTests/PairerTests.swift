import Glibc
import Testing

@testable import ConnectLatency

@Suite("The pairer makes one connection of a start and its end")
struct PairerTests {
  /// How an attempt ends, and what is to be made of it.
  struct Ending: CustomTestStringConvertible {
    let testDescription: String
    let records: [EndRecord]
    let outcome: Outcome
    var error: Int32 = 0
    var latency: UInt64
  }

  static let endings = [
    Ending(
      testDescription: "SYN-ACK", records: [.sample(.response, at: 1_500_000)], outcome: .established,
      latency: 500_000),
    Ending(
      testDescription: "RST, then the close",
      records: [
        .sample(.reset, at: 1_310_000), .sample(.close, at: 1_390_000, error: UInt16(ECONNREFUSED)),
      ], outcome: .refused, error: ECONNREFUSED, latency: 310_000),
    Ending(
      testDescription: "ICMP port unreachable", records: [.close(ECONNREFUSED)], outcome: .unreachable,
      error: ECONNREFUSED, latency: 1_000_000),
    Ending(
      testDescription: "no answer at all", records: [.close(ETIMEDOUT)], outcome: .timeout, error: ETIMEDOUT,
      latency: 1_000_000),
    Ending(
      testDescription: "no neighbour", records: [.close(EHOSTUNREACH)], outcome: .unreachable,
      error: EHOSTUNREACH, latency: 1_000_000),
    Ending(
      testDescription: "ICMP network unreachable", records: [.close(ENETUNREACH)], outcome: .unreachable,
      error: ENETUNREACH, latency: 1_000_000),
    Ending(
      testDescription: "closed by the application", records: [.close(0)], outcome: .aborted,
      latency: 1_000_000),
    Ending(
      testDescription: "killed by an administrator", records: [.close(ECONNABORTED)], outcome: .aborted,
      error: ECONNABORTED, latency: 1_000_000),
    Ending(
      testDescription: "the call failed",
      records: [.sample(.failed, at: 1_004_000, tid: 1202, error: UInt16(EADDRNOTAVAIL))], outcome: .failed,
      error: EADDRNOTAVAIL, latency: 4_000),
    Ending(
      testDescription: "the call failed, seen by the close inside it",
      records: [.sample(.close, at: 1_003_000, isInConnect: true)], outcome: .failed, latency: 3_000),
    Ending(
      testDescription: "another thread's call failed meanwhile",
      records: [
        .sample(.failed, at: 1_001_000, tid: 77, error: UInt16(EALREADY)), .sample(.response, at: 1_002_000),
      ], outcome: .established, latency: 2_000),
    Ending(
      testDescription: "the clock of the CPU that saw the end is behind",
      records: [.sample(.response, at: 999_990)], outcome: .established, latency: 0),
  ]

  @Test("Each way to end has its outcome, errno and latency", arguments: endings)
  func ends(_ ending: Ending) throws {
    var pairer = Pairer()
    let connections = pairer.take([.start(.sample(at: 1_000_000))] + ending.records.map(Record.end))
    #expect(connections.count == 1)
    let connection = try #require(connections.first)
    #expect(connection.outcome == ending.outcome)
    #expect(Int32(connection.error) == ending.error)
    #expect(connection.latency == ending.latency)
    #expect(pairer.openCount == 0)
    #expect(pairer.losses == Pairer.Losses())
  }

  @Test("An established connect has no errno, whatever the sock says")
  func establishedWithoutErrno() throws {
    var pairer = Pairer()
    let connections = pairer.take([.start(.sample()), .end(.sample(.response, error: 111))])
    #expect(try #require(connections.first).error == 0)
  }

  @Test("A v6 socket's way on to tcp_v4_connect is one connect, over IPv4, from the first call on")
  func mappedAddress() throws {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(at: 100, isV6Function: true)), .start(.sample(at: 250)),
      .end(.sample(.response, at: 1100)),
    ])
    let connection = try #require(connections.first)
    #expect(connections.count == 1)
    #expect(connection.isIPv4)
    #expect(connection.latency == 1000)
    #expect(pairer.losses == Pairer.Losses())
  }

  /// Seconds starts that are no continuation of a v6 call, though they look alike.
  static let otherCalls: [StartRecord] = [
    .sample(at: 250, tid: 9), .sample(at: 250, port: 81), .sample(at: 250, to: "23.23.100.232"),
    .sample(at: 250, isV6Function: true),
  ]

  @Test("A second start that is not tcp_v6_connect calling on begins a new attempt", arguments: otherCalls)
  func notTheSameCall(second: StartRecord) throws {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(at: 100, isV6Function: true)), .start(second), .end(.sample(.response, at: 1100)),
    ])
    #expect(try #require(connections.first).latency == 850)
    #expect(pairer.losses == Pairer.Losses(superseded: 1))
  }

  @Test("A sock pointer that is used again makes a connection each time")
  func reusedSock() {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(at: 100, port: 80)), .end(.sample(.reset, at: 140, port: 80)),
      .end(.sample(.close, at: 150, error: UInt16(ECONNREFUSED), port: 80)),
      .start(.sample(at: 200, port: 81)), .end(.sample(.close, at: 290, error: UInt16(ETIMEDOUT), port: 81)),
    ])
    #expect(connections.map(\.destinationPort) == [80, 81])
    // The RST was the first attempt's.
    #expect(connections.map(\.outcome) == [.refused, .timeout])
    #expect(connections.map(\.latency) == [40, 90])
    #expect(pairer.losses == Pairer.Losses())
  }

  @Test("A start whose end was lost is superseded by the next one on its sock")
  func superseded() throws {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(at: 100)), .end(.sample(.reset, at: 110)), .start(.sample(at: 5000)),
      .end(.sample(.close, at: 5070, error: UInt16(ECONNREFUSED))),
    ])
    #expect(connections.count == 1)
    let connection = try #require(connections.first)
    #expect(connection.latency == 70)
    #expect(connection.outcome == .unreachable, "the RST belonged to the attempt whose end was lost")
    #expect(pairer.losses == Pairer.Losses(superseded: 1))
  }

  @Test(
    "An end without a start is counted, but for a failed call's, which often has its row already",
    arguments: EndRecord.Kind.allCases)
  func unmatched(kind: EndRecord.Kind) {
    var pairer = Pairer()
    #expect(pairer.take([.end(.sample(kind))]).isEmpty)
    #expect(pairer.losses == Pairer.Losses(unmatched: kind == .failed ? 0 : 1))
    #expect(pairer.passedOver == (kind == .failed ? 1 : 0))
  }

  @Test("What a second hook says of a start is the same connect, from the first one on, wherever it went")
  func repeatedStart() throws {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(at: 100, to: "0.0.0.0")),
      .start(.sample(at: 180, to: "127.0.0.1", isMaybeRepeated: true)),
      .end(.sample(.response, at: 1100)), .end(.sample(.response, at: 1101, isMaybeRepeated: true)),
    ])
    #expect(connections.map(\.latency) == [1000])
    #expect(pairer.losses == Pairer.Losses() && pairer.passedOver == 2)
  }

  @Test(
    "A start that may repeat another and does not begins an attempt",
    arguments: [
      StartRecord.sample(at: 180, tid: 9, isMaybeRepeated: true),
      .sample(at: 180, port: 81, isMaybeRepeated: true),
    ])
  func notRepeated(second: StartRecord) {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(at: 100)), .start(second), .end(.sample(.response, at: 1100)),
    ])
    #expect(connections.map(\.latency) == [920])
    #expect(pairer.losses == Pairer.Losses(superseded: 1) && pairer.passedOver == 0)
    let alone = pairer.take([.start(second), .end(.sample(.response, at: 1100, isMaybeRepeated: true))])
    #expect(alone.map(\.latency) == [920])
  }

  @Test(
    "An end whose start no hook has seen is passed over",
    arguments: EndRecord.Kind.allCases)
  func endOfNothing(kind: EndRecord.Kind) {
    var pairer = Pairer()
    #expect(pairer.take([.end(.sample(kind, isMaybeRepeated: true))]).isEmpty)
    #expect(pairer.losses == Pairer.Losses() && pairer.passedOver == 1)
  }

  @Test("A start without an end stays open")
  func stillOpen() {
    var pairer = Pairer()
    #expect(pairer.take([.start(.sample()), .end(.sample(.response, sock: someSock + 64))]).isEmpty)
    #expect(pairer.openCount == 1)
  }

  @Test("Beyond the bound the oldest connect is forgotten, each counted")
  func eviction() {
    var pairer = Pairer(maximumOpen: 16)
    let socks = (0..<20).map { someSock + UInt64($0) * 64 }
    #expect(pairer.take(socks.map { .start(.sample(sock: $0)) }).isEmpty)
    #expect(pairer.openCount == 16)
    #expect(pairer.losses == Pairer.Losses(evicted: 4))
    let connections = pairer.take(socks.map { .end(.sample(.response, sock: $0)) })
    #expect(connections.map(\.start.sock) == Array(socks[4...]))
    #expect(pairer.losses == Pairer.Losses(evicted: 4, unmatched: 4))
    #expect(pairer.openCount == 0)
  }

  @Test("The time of day is what the clock said last")
  func clock() {
    var pairer = Pairer()
    let attempt: [Record] = [.start(.sample(at: 100)), .end(.sample(.response, at: 200))]
    let connections = pairer.take(
      [.clock(offset: 1_000)] + attempt + [.clock(offset: -50)] + attempt + [.clock(offset: -5000)] + attempt)
    #expect(connections.map(\.realTime) == [1200, 150, 0])
  }

  @Test("A row's peer is the sock's own, but the one asked for when the call failed early")
  func destination() {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(to: "0.0.0.0")), .end(.sample(.response, to: "127.0.0.1")),
      .start(.sample(to: "10.0.0.1")), .end(.sample(.close, error: UInt16(ETIMEDOUT), to: "0.0.0.0")),
      .start(.sample(to: "10.0.0.2")), .end(.sample(.failed, tid: 1202, error: 101, to: "10.9.9.9")),
    ])
    #expect(connections.map(\.destination) == ["127.0.0.1", "10.0.0.1", "10.0.0.2"].map { .of($0) })
  }

  @Test("A connect that was sent elsewhere than asked has the port that it went to")
  func redirected() {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(to: "10.96.0.1", port: 443)),
      .end(.sample(.response, to: "10.0.0.20", port: 6443)),
      .start(.sample(to: "10.96.0.1", port: 443)),
      .end(.sample(.failed, tid: 1202, error: 101, to: "0.0.0.0", port: 0)),
    ])
    #expect(connections.map(\.destination) == ["10.0.0.20", "10.96.0.1"].map { .of($0) })
    #expect(connections.map(\.destinationPort) == [6443, 443])
  }

  @Test("A connect that is forbidden is one, and the next of its sock another")
  func forbidden() {
    var pairer = Pairer()
    let connections = pairer.take([
      .start(.sample(at: 100)), .end(.sample(.failed, at: 130, tid: 1202, error: 1, to: "0.0.0.0", port: 0)),
      .start(.sample(at: 500)), .end(.sample(.response, at: 900)),
    ])
    #expect(connections.map(\.outcome) == [.failed, .established])
    #expect(connections.map(\.error) == [1, 0])
    #expect(connections.map(\.latency) == [30, 400])
    #expect(pairer.losses == Pairer.Losses())
  }
}

extension EndRecord {
  /// A close a millisecond after the start.
  fileprivate static func close(_ error: Int32) -> EndRecord {
    .sample(.close, at: 2_000_000, error: UInt16(error))
  }
}
