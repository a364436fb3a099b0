@testable import ConnectLatency

/// The decoder of tracefs events, and what makes records of them.
///
/// An input is a row of events: which, how long after the one before, length, bytes. The first byte says whether they
/// are our own or tracepoints', and what shows ends among our own.
final class EventsTarget: FuzzTarget {
  private let rows: Rows

  init() throws {
    rows = try Rows()
  }

  func take(_ input: UnsafeRawBufferPointer) throws {
    var bytes = Bytes(input)
    let mode = bytes.byte()
    let isOurs = mode & 1 == 1
    let tasks = TraceFSTasks(isAllUnknown: false, tracefs: "/nonexistent")
    let starts = StartFilter(filter: KernelFilter(), tasks: tasks)
    var translator: any TraceFSTranslator =
      isOurs
      ? ProbeTranslator(starts, ends: mode & 2 == 0 ? .eventProbes : .kprobes)
      : StaticTranslator(starts, seesRetransmits: true)
    let decoders = isOurs ? Self.ours : Self.tracepoints
    var time: UInt64 = 1_000_000_000
    var records: [Record] = []
    while !bytes.isEmpty {
      let decoder = decoders[Int(bytes.byte()) % decoders.count]
      time += UInt64(bytes.byte()) << 16
      let event = decoder.decode(bytes.take(Int(bytes.byte())), time: time)
      if event.kind == .taskExit {
        tasks.exited(event)
      } else {
        translator.take(event) { records.append($0) }
      }
    }
    translator.settle(until: .max) { records.append($0) }
    try rows.check(records)
  }

  private static let tracepoints = decoders(
    [.stateChanged, .reset, .retransmit, .errorReport, .callEntered, .callReturned, .taskExit],
    isOurs: false)
  private static let ours =
    decoders(
      [.connectV4, .connectV6, .connectReturned, .finished, .reset, .stateSet, .taskExit], isOurs: true)
    + decoders([.stateChanged, .resetReceived], isOurs: false)

  /// Where the fields lie: no kernel has them all in one event, but each where the one before ends.
  private static func decoders(_ kinds: [TraceEvent.Kind], isOurs: Bool) -> [EventDecoder] {
    let sizes: [(String, Int)] = [
      ("common_pid", 4), ("skaddr", 8), ("oldstate", 1), ("newstate", 1), ("sport", 2), ("dport", 2),
      ("family", 2), ("error", 8), ("saddr", 4), ("daddr", 4), ("saddr_v6", 16), ("daddr_v6", 16),
      ("v6only", 1), ("retransmits", 4), ("netns", 4), ("comm", isOurs ? 4 : 16), ("tcp_flags", 1),
      ("acked", 4), ("una", 4), ("next", 4), ("tgid", 4), ("uid", 4), ("cgroup", 8),
    ]
    var (fields, offset) = ([String: EventDecoder.Field](), 4)
    for (name, size) in sizes {
      fields[name] = EventDecoder.Field(offset: offset, size: size, isDynamic: isOurs && name == "comm")
      offset += size
    }
    return kinds.map { kind in
      let probe = TraceFSHook.Probe(place: .entry(of: "f"), fields: "")
      let hook = TraceFSHook(
        kind: kind, system: "fuzz", event: "fuzz", probe: isOurs ? probe : nil, v6OnlyBit: 5)
      return EventDecoder(hook) { [fields] in fields[$0] }
    }
  }
}
