import Glibc
import Testing

@testable import ConnectLatency

@Suite("Events of tracefs")
struct TraceFSTests {
  /// Nobody has these thread ids.
  static let tid = UInt32(Int32.max)

  static func starts(_ filter: KernelFilter = KernelFilter()) -> StartFilter {
    StartFilter(filter: filter, tasks: TraceFSTasks(isAllUnknown: false, tracefs: "/nonexistent"))
  }

  static func event(
    _ kind: TraceEvent.Kind, _ time: UInt64, sock: UInt64 = 64,
    _ change: (inout TraceEvent) -> Void = { _ in }
  ) -> TraceEvent {
    var event = TraceEvent(kind)
    (event.time, event.sock, event.tid, event.family) = (time, sock, tid, UInt16(AF_INET))
    (event.sport, event.dport) = (40000, 80)
    (event.saddr, event.daddr) = (UInt32(0x7f00_0001).bigEndian, UInt32(0x0a00_0001).bigEndian)
    change(&event)
    return event
  }

  static func change(
    _ time: UInt64, _ old: UInt8, _ new: UInt8, sock: UInt64 = 64, tid: UInt32 = tid
  ) -> TraceEvent {
    event(.stateChanged, time, sock: sock) { ($0.oldState, $0.newState, $0.tid) = (old, new, tid) }
  }

  static func records(
    _ translator: some TraceFSTranslator, _ events: [TraceEvent], settledUntil end: UInt64 = .max
  ) -> [Record] {
    var translator = translator
    var records: [Record] = []
    for event in events { translator.take(event) { records.append($0) } }
    translator.settle(until: end) { records.append($0) }
    return records
  }

  /// The rows that events give.
  static func connections(
    _ translator: some TraceFSTranslator, _ events: [TraceEvent], settledUntil end: UInt64 = .max
  ) -> [Connection] {
    var pairer = Pairer()
    return records(translator, events, settledUntil: end).compactMap { record in
      switch record {
      case .start(let start): pairer.begin(start)
      case .end(let end): return pairer.end(end)
      default: break
      }
      return nil
    }
  }

  static func statically(
    _ events: [TraceEvent], filter: KernelFilter = KernelFilter()
  ) -> [Connection] {
    connections(StaticTranslator(starts(filter), seesRetransmits: true), events)
  }

  static func probed(_ events: [TraceEvent], ends: TraceFSHook.Ends = .eventProbes) -> [Connection] {
    connections(ProbeTranslator(starts(), ends: ends), events)
  }

  @Test("A connect that is answered is established, from the entry of its call")
  func established() throws {
    let rows = Self.statically([
      Self.event(.callEntered, 100), Self.change(110, 7, 2), Self.change(150, 2, 1, tid: 3),
      Self.event(.callReturned, 200),
    ])
    let row = try #require(rows.first)
    #expect(rows.count == 1)
    #expect((row.outcome, row.latency, row.start.tid) == (.established, 50, Self.tid))
    #expect((row.source, row.destination) == (IPAddress("127.0.0.1"), IPAddress("10.0.0.1")))
    #expect((row.end.retransmits, row.start.pid, row.start.uid) == (0, nil, nil))
  }

  @Test("A close that waits for its error report says so, and ends without one")
  func unsettled() {
    var translator = StaticTranslator(Self.starts(), seesRetransmits: true)
    var ends: [EndRecord] = []
    func emit(_ record: Record) { if case .end(let end) = record { ends.append(end) } }
    for event in [Self.change(110, 7, 2), Self.change(150, 2, 7, tid: 3)] { translator.take(event, emit) }
    #expect(translator.isUnsettled && ends.isEmpty)
    translator.settle(until: 10_000_000, emit)
    #expect(!translator.isUnsettled)
    #expect(ends.map(\.kind) == [.close])
  }

  @Test("Numbers that no kernel gives are taken as well", arguments: [Int64.min, .max, -1, 70_000])
  func strangeNumbers(result: Int64) {
    let call = Self.event(.callReturned, 160) { $0.result = result }
    let report = Self.event(.errorReport, 149) { ($0.result, $0.sock) = (result, 0) }
    let closed = [Self.event(.callEntered, 100), Self.change(110, 7, 2), Self.change(150, 2, 7)]
    #expect(Self.statically(closed + [call]).count == 1)
    #expect(Self.statically([Self.change(110, 7, 2), report, Self.change(150, 2, 7, tid: 3)]).count == 1)
    let sentAgain = Array(repeating: Self.event(.retransmit, 120), count: 70_000)
    let retransmits = Self.statically([Self.change(110, 7, 2)] + sentAgain + [Self.change(150, 2, 1)])
    #expect(retransmits.map(\.end.retransmits) == [.max])
    let kprobe = [
      Self.event(.connectV4, 100), Self.event(.connectReturned, 120) { $0.result = min(result, -1) },
    ]
    #expect(Self.probed(kprobe).map(\.outcome) == [.failed])
  }

  @Test(
    "An error report tells the error of a close, before it or after it", arguments: [149, 151] as [UInt64])
  func errorReport(time: UInt64) throws {
    let report = Self.event(.errorReport, time) { ($0.result, $0.sock) = (Int64(EHOSTUNREACH), 0) }
    let close = Self.change(150, 2, 7, tid: 3)
    let events = [Self.change(110, 7, 2)] + [report, close].sorted { $0.time < $1.time }
    let row = try #require(Self.statically(events).first)
    #expect((row.outcome, row.error) == (.unreachable, UInt16(EHOSTUNREACH)))
  }

  @Test("A RST before the close means refused; of a sock that is not connecting it means nothing")
  func reset() throws {
    let rows = Self.statically([
      Self.event(.reset, 90), Self.change(110, 7, 2), Self.event(.reset, 140), Self.change(150, 2, 7, tid: 3),
      Self.event(.errorReport, 151) { $0.result = Int64(ECONNREFUSED) },
    ])
    let row = try #require(rows.first)
    #expect((rows.count, row.outcome, row.latency) == (1, .refused, 30))
  }

  @Test("A close without a report is the application's, also where the sock is used again at once")
  func aborted() {
    let rows = Self.statically([
      Self.change(110, 7, 2), Self.change(150, 2, 7), Self.change(160, 7, 2), Self.change(170, 2, 1),
    ])
    #expect(rows.map(\.outcome) == [.aborted, .established])
    #expect(rows.map(\.latency) == [40, 10])
  }

  @Test("A RST for another sock at the pointer of one that has just closed is not that one's")
  func pointerAgain() throws {
    let rows = Self.statically([
      Self.event(.callEntered, 100), Self.change(110, 7, 2), Self.event(.callReturned, 120),
      Self.event(.callEntered, 140), Self.change(150, 2, 7), Self.event(.callReturned, 160),
      Self.event(.reset, 900),
    ])
    let row = try #require(rows.first)
    #expect((rows.count, row.outcome, row.latency) == (1, .aborted, 50))
  }

  @Test("A connect after a call whose return was lost counts from itself")
  func returnLost() {
    let rows = Self.statically([
      Self.event(.callEntered, 100), Self.change(110, 7, 2), Self.change(150, 2, 1, tid: 3),
      Self.change(500, 7, 2, sock: 128), Self.change(520, 2, 1, sock: 128, tid: 3),
    ])
    #expect(rows.map(\.latency) == [50, 20])
  }

  @Test("A close inside the call failed with what the call returns")
  func failedInCall() throws {
    let events = [
      Self.event(.callEntered, 100), Self.change(110, 7, 2), Self.change(120, 2, 7),
      Self.event(.callReturned, 130) { $0.result = -Int64(EADDRNOTAVAIL) },
    ]
    let row = try #require(Self.statically(events).first)
    #expect((row.outcome, row.error, row.latency) == (.failed, UInt16(EADDRNOTAVAIL), 30))
  }

  @Test("A close that another report's addresses do not fit stays without error")
  func otherReport() throws {
    let rows = Self.statically([
      Self.change(110, 7, 2), Self.change(150, 2, 7, tid: 3),
      Self.event(.errorReport, 151) { ($0.result, $0.sport) = (Int64(ECONNREFUSED), 40001) },
    ])
    #expect(rows.map(\.outcome) == [.aborted])
  }

  @Test("SYNs sent again are counted for their sock")
  func retransmits() throws {
    let rows = Self.statically([
      Self.change(110, 7, 2), Self.event(.retransmit, 120), Self.event(.retransmit, 121, sock: 128),
      Self.event(.retransmit, 130), Self.change(150, 2, 1),
    ])
    #expect(rows.first?.end.retransmits == 2)
  }

  @Test("What the kernel could not filter is filtered here; the unknown is not what was asked for")
  func filters() {
    let events = [Self.change(110, 7, 2), Self.change(150, 2, 1)]
    for change in [{ $0.pids = [1] }, { $0.ports = [443...443] }, { $0.isIPv4 = false }]
      as [(
        inout KernelFilter
      ) -> Void]
    {
      var filter = KernelFilter()
      change(&filter)
      #expect(Self.statically(events, filter: filter).isEmpty)
    }
    var filter = KernelFilter()
    (filter.ports, filter.isIPv4) = ([80...90], true)
    #expect(Self.statically(events, filter: filter).count == 1)
  }

  @Test("A thread's status tells its process and user")
  func status() {
    let text =
      "Name:\tUid:\t7\nUmask:\t0022\nTgid:\t12\nNgid:\t0\nPid:\t13\nUid:\t1000\t0\t0\t0\nGid:\t1\t1\t1\t1\n"
    #expect(TraceFSTasks.task(in: text) == TraceFSTasks.Task(pid: 12, uid: 1000))
    #expect(TraceFSTasks.task(in: "") == nil)
  }

  @Test("A thread that is gone is known by what it was at its exit")
  func exit() {
    let tasks = TraceFSTasks(isAllUnknown: false, tracefs: "/nonexistent")
    #expect(tasks.task(Self.tid, connecting: 5) == TraceFSTasks.Task())
    tasks.exited(Self.event(.taskExit, 9) { ($0.pid, $0.uid, $0.cgroup) = (12, 1000, 77) })
    #expect(tasks.task(Self.tid, connecting: 5) == TraceFSTasks.Task(pid: 12, uid: 1000, cgroup: 77))
    // Then it was another thread that had this id.
    #expect(tasks.task(Self.tid, connecting: 10) == TraceFSTasks.Task())
  }
}
