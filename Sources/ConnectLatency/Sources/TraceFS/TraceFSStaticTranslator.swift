import Glibc

/// Of the tracepoints' events. They do not tell a sock's error as it closes: an error report of the same addresses,
/// just before or after, does, or the return of the connect call in which it closed.
struct StaticTranslator: TraceFSTranslator {
  /// A connect that goes on.
  private struct Open {
    private(set) var retransmits: UInt16 = 0

    mutating func sentAgain() {
      if retransmits < .max { retransmits += 1 }
    }
  }

  /// A call of connect(2) that has not returned.
  private struct Call {
    let time: UInt64
    var sock: UInt64 = 0
    /// The sock's way to CLOSE in this call, for which no error was reported yet.
    var close: TraceEvent?
  }

  /// Error reports name the sock by its addresses alone.
  private struct Key: Hashable {
    let family, sport, dport: UInt16
    let source, destination: IPAddress

    init(_ event: TraceEvent) {
      (family, sport, dport) = (event.family, event.sport, event.dport)
      (source, destination) = (event.source, event.destination)
    }
  }

  /// How far an error report and the close that it explains may lie apart, in nanoseconds: they are a few lines of code
  /// in the kernel, which an interrupt may come between.
  private static let reportDistance: UInt64 = 2_000_000
  private static let maximum = 131_072

  let starts: StartFilter
  /// Whether calls of connect(2) are seen.
  private let seesCalls: Bool
  private let seesRetransmits: Bool
  private var open: [UInt64: Open] = [:]
  private var calls: [UInt32: Call] = [:]
  private var reports: [(key: Key, time: UInt64, error: UInt16)] = []
  private var closes: [TraceEvent] = []

  var isUnsettled: Bool { !closes.isEmpty }

  init(_ starts: StartFilter, seesCalls: Bool, seesRetransmits: Bool) {
    self.starts = starts
    self.seesCalls = seesCalls
    self.seesRetransmits = seesRetransmits
  }

  mutating func take(_ event: TraceEvent, _ emit: (Record) -> Void) {
    settle(until: event.time, emit)
    switch event.kind {
    case .callEntered: calls[event.tid] = Call(time: event.time)
    case .callReturned: callReturned(event, emit)
    case .retransmit: open[event.sock]?.sentAgain()
    case .reset: if let connect = open[event.sock] { emit(event.end(.reset, retransmits: count(connect))) }
    case .errorReport: errorReported(event, emit)
    case .stateChanged where event.newState == TraceEvent.synSent: began(event, emit)
    case .stateChanged where event.newState == TraceEvent.closed: closed(event, emit)
    case .stateChanged:
      if let connect = open.removeValue(forKey: event.sock) {
        emit(event.end(.response, retransmits: count(connect)))
      }
    default: break
    }
  }

  mutating func settle(until time: UInt64, _ emit: (Record) -> Void) {
    let oldest = time < Self.reportDistance ? 0 : time - Self.reportDistance
    if let first = reports.first, first.time < oldest { reports.removeAll { $0.time < oldest } }
    while let first = closes.first, first.time < oldest {
      closes.removeFirst()
      close(first, error: 0, emit)
    }
    // Calls whose thread died in them never return.
    if calls.count > Self.maximum { calls.removeAll() }
    if open.count > Self.maximum { open.removeAll() }
  }
}

extension StaticTranslator {
  private mutating func began(_ event: TraceEvent, _ emit: (Record) -> Void) {
    // As the BPF probes count it: from the call.
    let time = calls[event.tid]?.time ?? event.time
    // The sock is used again: nothing can explain its last close any more.
    if let index = closes.firstIndex(where: { $0.sock == event.sock }) {
      close(closes.remove(at: index), error: 0, emit)
    }
    guard let start = starts.start(event, time: time, isV6Function: false) else { return }
    calls[event.tid]?.sock = event.sock
    open[event.sock] = Open()
    emit(.start(start))
  }

  private mutating func closed(_ event: TraceEvent, _ emit: (Record) -> Void) {
    guard open[event.sock] != nil else { return }
    let key = Key(event)
    if let index = reports.firstIndex(where: { $0.key == key }) {
      close(event, error: reports.remove(at: index).error, emit)
    } else if calls[event.tid]?.sock == event.sock {
      calls[event.tid]?.close = event
    } else {
      closes.append(event)
    }
  }

  private mutating func errorReported(_ event: TraceEvent, _ emit: (Record) -> Void) {
    let (key, error) = (Key(event), UInt16(clamping: event.result.magnitude))
    if let index = closes.firstIndex(where: { Key($0) == key }) {
      close(closes.remove(at: index), error: error, emit)
    } else if let closed = calls[event.tid]?.close, Key(closed) == key {
      calls[event.tid]?.close = nil
      close(closed, error: error, emit)
    } else if error != 0 {
      reports.append((key, event.time, error))
    }
  }

  private mutating func callReturned(_ event: TraceEvent, _ emit: (Record) -> Void) {
    guard let call = calls.removeValue(forKey: event.tid), let closed = call.close else { return }
    let error = event.result.magnitude
    // In these cases the application closed or disconnected the sock.
    let goesOn: Set<UInt64> = [UInt64(EINPROGRESS), UInt64(EALREADY), UInt64(EISCONN), UInt64(EINTR)]
    guard event.result < 0, error < 512, !goesOn.contains(error) else { return close(closed, error: 0, emit) }
    let connect = open.removeValue(forKey: closed.sock)
    emit(
      closed.end(
        .failed, error: UInt16(error), retransmits: connect.flatMap(count), tid: event.tid, time: event.time))
  }

  private mutating func close(_ event: TraceEvent, error: UInt16, _ emit: (Record) -> Void) {
    guard let connect = open.removeValue(forKey: event.sock) else { return }
    emit(event.end(.close, error: error, retransmits: count(connect)))
  }

  private func count(_ connect: Open) -> UInt16? { seesRetransmits ? connect.retransmits : nil }
}
