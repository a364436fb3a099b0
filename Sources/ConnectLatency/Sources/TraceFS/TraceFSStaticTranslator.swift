import Glibc

/// Of the tracepoints' events. They do not tell a sock's error as it closes: an error report of the same addresses,
/// just before or after, does, or the return of the connect call in which it closed.
struct StaticTranslator: TraceFSTranslator {
  /// A sock's way to CLOSE, and how often its SYN was sent again. It is no longer among the open ones: its pointer may
  /// be another sock's by the time that the error is known.
  private struct Close {
    let event: TraceEvent
    let retransmits: UInt16
  }

  /// A call of connect(2) that has not returned.
  private struct Call {
    let time: UInt64
    var sock: UInt64 = 0
    /// The sock's way to CLOSE in this call, for which no error was reported yet.
    var close: Close?
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
  private let seesRetransmits: Bool
  /// How often the SYN of a connect that goes on was sent again, by its sock.
  private var open: [UInt64: UInt16] = [:]
  private var calls: [UInt32: Call] = [:]
  private var reports: [(key: Key, time: UInt64, error: UInt16)] = []
  private var closes: [Close] = []

  var isUnsettled: Bool { !closes.isEmpty }

  init(_ starts: StartFilter, seesRetransmits: Bool) {
    self.starts = starts
    self.seesRetransmits = seesRetransmits
  }

  mutating func take(_ event: TraceEvent, _ emit: (Record) -> Void) {
    settle(until: event.time, emit)
    switch event.kind {
    case .callEntered: calls[event.tid] = Call(time: event.time)
    case .callReturned: callReturned(event, emit)
    case .retransmit: sentAgain(event.sock)
    case .reset: if let count = open[event.sock] { emit(event.end(.reset, retransmits: known(count))) }
    case .errorReport: errorReported(event, emit)
    case .stateChanged where event.newState == TraceEvent.synSent: began(event, emit)
    case .stateChanged where event.newState == TraceEvent.closed: closed(event, emit)
    case .stateChanged:
      if let count = open.removeValue(forKey: event.sock) {
        emit(event.end(.response, retransmits: known(count)))
      }
    default: break
    }
  }

  mutating func settle(until time: UInt64, _ emit: (Record) -> Void) {
    let oldest = time < Self.reportDistance ? 0 : time - Self.reportDistance
    if let first = reports.first, first.time < oldest { reports.removeAll { $0.time < oldest } }
    while let first = closes.first, first.event.time < oldest {
      closes.removeFirst()
      end(first, error: 0, emit)
    }
    // Calls whose thread died in them never return.
    if calls.count > Self.maximum { calls.removeAll() }
    if open.count > Self.maximum { open.removeAll() }
  }
}

extension StaticTranslator {
  private mutating func began(_ event: TraceEvent, _ emit: (Record) -> Void) {
    // As the BPF probes count it: from the call. A call begins one connect; the return of one that began another is lost.
    let call = calls[event.tid].flatMap { $0.sock == 0 ? $0 : nil }
    // The sock is used again: nothing can explain its last close any more.
    if let index = closes.firstIndex(where: { $0.event.sock == event.sock }) {
      end(closes.remove(at: index), error: 0, emit)
    }
    guard let start = starts.start(event, time: call?.time ?? event.time, isV6Function: false) else { return }
    calls[event.tid]?.sock = event.sock
    open[event.sock] = 0
    emit(.start(start))
  }

  private mutating func closed(_ event: TraceEvent, _ emit: (Record) -> Void) {
    guard let retransmits = open.removeValue(forKey: event.sock) else { return }
    let close = Close(event: event, retransmits: retransmits)
    let key = Key(event)
    if let index = reports.firstIndex(where: { $0.key == key }) {
      end(close, error: reports.remove(at: index).error, emit)
    } else if calls[event.tid]?.sock == event.sock {
      calls[event.tid]?.close = close
    } else {
      closes.append(close)
    }
  }

  private mutating func errorReported(_ event: TraceEvent, _ emit: (Record) -> Void) {
    let (key, error) = (Key(event), UInt16(clamping: event.result.magnitude))
    if let index = closes.firstIndex(where: { Key($0.event) == key }) {
      end(closes.remove(at: index), error: error, emit)
    } else if let close = calls[event.tid]?.close, Key(close.event) == key {
      calls[event.tid]?.close = nil
      end(close, error: error, emit)
    } else if error != 0 {
      reports.append((key, event.time, error))
    }
  }

  private mutating func callReturned(_ event: TraceEvent, _ emit: (Record) -> Void) {
    guard let call = calls.removeValue(forKey: event.tid), let close = call.close else { return }
    let error = event.result.magnitude
    // In these cases the application closed or disconnected the sock.
    let goesOn: Set<UInt64> = [UInt64(EINPROGRESS), UInt64(EALREADY), UInt64(EISCONN), UInt64(EINTR)]
    guard event.result < 0, error < 512, !goesOn.contains(error) else { return end(close, error: 0, emit) }
    emit(
      close.event.end(
        .failed, error: UInt16(error), retransmits: known(close.retransmits), tid: event.tid, time: event.time
      ))
  }

  private func end(_ close: Close, error: UInt16, _ emit: (Record) -> Void) {
    emit(close.event.end(.close, error: error, retransmits: known(close.retransmits)))
  }

  private mutating func sentAgain(_ sock: UInt64) {
    if let count = open[sock], count < .max { open[sock] = count + 1 }
  }

  private func known(_ retransmits: UInt16) -> UInt16? { seesRetransmits ? retransmits : nil }
}
