import Glibc
import Testing

@testable import ConnectLatency

@Suite("Events of tracefs that we make")
struct TraceFSProbeTests {
  private static let start = TraceFSTests.event(.connectV4, 110)

  private static func told(_ kind: TraceEvent.Kind, _ newState: UInt8, error: Int32 = 0) -> TraceEvent {
    TraceFSTests.event(kind, 150) {
      ($0.newState, $0.result, $0.tid, $0.retransmits) = (newState, Int64(error), 3, 2)
    }
  }

  @Test(
    "An answer is a finished connect, a RST or a SYN of the other side's",
    arguments: [
      (.finished, 0, .established), (.stateSet, TraceEvent.synReceived, .established), (.reset, 0, .refused),
    ] as [(TraceEvent.Kind, UInt8, Outcome)])
  func answers(kind: TraceEvent.Kind, newState: UInt8, outcome: Outcome) throws {
    let answer = TraceFSTests.event(kind, 140) { $0.newState = newState }
    let close = TraceFSTests.event(.stateSet, 150) {
      ($0.newState, $0.result, $0.tid) = (TraceEvent.closed, Int64(ECONNREFUSED), 3)
    }
    let events = [TraceFSTests.event(.connectV4, 110), TraceFSTests.event(.connectReturned, 120), answer]
    let rows = TraceFSTests.probed(events + (outcome == .refused ? [close] : []))
    #expect(rows.map(\.outcome) == [outcome])
    #expect(rows.map(\.latency) == [30])
  }

  @Test("A v4-mapped connect is one over IPv4, and fails with what its call returns")
  func mapped() throws {
    let call = TraceFSTests.event(.connectV6, 110) {
      $0.family = UInt16(AF_INET6)
      $0.daddrV6 = (0, UInt64(littleEndian: 0x0100_000a_ffff_0000))
      $0.comm = Comm("wget".utf8)
    }
    let events = [
      call, TraceFSTests.event(.stateSet, 115) { $0.newState = TraceEvent.closed },
      TraceFSTests.event(.connectReturned, 120) { $0.result = -Int64(ENETUNREACH) },
      TraceFSTests.event(.connectReturned, 121) { $0.result = -Int64(ENETUNREACH) },
    ]
    let rows = TraceFSTests.probed(events)
    let row = try #require(rows.first)
    #expect((rows.count, row.outcome, row.error) == (1, .failed, UInt16(ENETUNREACH)))
    #expect((row.isIPv4, row.destination) == (true, IPAddress("10.0.0.1")))
    #expect(row.start.comm == Comm("wget".utf8))
  }

  @Test(
    "With kprobes, an end is told once, by whichever event there is",
    arguments: [
      (.finished, 1, 0, .established), (.stateSet, TraceEvent.closed, ETIMEDOUT, .timeout),
      (.stateSet, TraceEvent.closed, 0, .aborted),
    ] as [(TraceEvent.Kind, UInt8, CInt, Outcome)])
  func twice(kind: TraceEvent.Kind, newState: UInt8, error: CInt, outcome: Outcome) {
    let told = Self.told(kind, newState, error: error)
    let second = TraceFSTests.change(151, TraceEvent.synSent, newState, tid: 3)
    let connect = [Self.start, TraceFSTests.event(.connectReturned, 120)]
    let records = TraceFSTests.records(
      ProbeTranslator(TraceFSTests.starts(), ends: .kprobes), connect + [told, second])
    #expect(records.count == 2)
    let rows = TraceFSTests.probed(connect + [told, second], ends: .kprobes)
    #expect(rows.map(\.outcome) == [outcome])
    #expect(rows.map(\.end.retransmits) == [2])
  }

  @Test("With kprobes, what they miss ends with what the tracepoints' events say")
  func missed() {
    let connect = [Self.start, TraceFSTests.event(.connectReturned, 120)]
    let answered = TraceFSTests.change(150, TraceEvent.synSent, 1, tid: 3)
    let closed = TraceFSTests.change(150, TraceEvent.synSent, TraceEvent.closed, tid: 3)
    let reset = TraceFSTests.event(.resetReceived, 140)
    for (events, outcome, error) in [
      ([answered], .established, 0), ([reset, closed], .refused, ECONNREFUSED), ([closed], .failed, 0),
    ] as [([TraceEvent], Outcome, CInt)] {
      let rows = TraceFSTests.probed(connect + events, ends: .kprobes)
      #expect(rows.map(\.outcome) == [outcome])
      #expect(rows.map(\.error) == [UInt16(error)])
      #expect(rows.map(\.end.retransmits) == [nil])
    }
  }

  @Test("With kprobes, a RST of the sock's last connection does not refuse the next one")
  func earlierReset() {
    let rows = TraceFSTests.probed(
      [
        TraceFSTests.event(.resetReceived, 100), Self.start, TraceFSTests.event(.connectReturned, 120),
        TraceFSTests.change(150, TraceEvent.synSent, TraceEvent.closed, tid: 3),
      ], ends: .kprobes)
    #expect(rows.map(\.outcome) == [.failed])
  }

  @Test("With kprobes, a call that gives up is told by its return alone")
  func givenUp() {
    let rows = TraceFSTests.probed(
      [
        Self.start, TraceFSTests.event(.stateSet, 115) { $0.newState = TraceEvent.closed },
        TraceFSTests.change(116, TraceEvent.synSent, TraceEvent.closed),
        TraceFSTests.event(.connectReturned, 120) { $0.result = -Int64(EADDRNOTAVAIL) },
      ], ends: .kprobes)
    #expect(rows.map(\.outcome) == [.failed])
    #expect(rows.map(\.error) == [UInt16(EADDRNOTAVAIL)])
  }
}
