import CConnectRecord
import Glibc

/// Of events of our own: what the BPF programs do in the kernel.
struct ProbeTranslator: TraceFSTranslator {
  private static let maximum = 65536

  let starts: StartFilter
  let ends: TraceFSHook.Ends
  var isUnsettled: Bool { false }
  /// The connect call that a thread is in, from the call's entry to its return.
  private var calls: [UInt32: TraceEvent] = [:]
  /// Socks whose change of state a kprobe has told, until the tracepoint's event that follows at once.
  private var told: Set<UInt64> = []
  /// When a RST came for a sock, by the tracepoint's event.
  private var resets: [UInt64: UInt64] = [:]

  init(_ starts: StartFilter, ends: TraceFSHook.Ends) {
    self.starts = starts
    self.ends = ends
  }

  mutating func take(_ event: TraceEvent, _ emit: (Record) -> Void) {
    switch event.kind {
    case .connectV4, .connectV6:
      let isV6Function = event.kind == .connectV6
      if ends == .kprobes {
        told.remove(event.sock)
        resets[event.sock] = nil
      }
      guard let start = starts.start(event, time: event.time, isV6Function: isV6Function) else {
        calls[event.tid] = nil
        return
      }
      calls[event.tid] = event
      emit(.start(start))
    case .connectReturned:
      guard var call = calls.removeValue(forKey: event.tid), event.result < 0 else { return }
      call.time = event.time
      emit(call.end(.failed, error: UInt16(clamping: event.result.magnitude), retransmits: 0, tid: event.tid))
    case .finished: tell(.response, event, emit)
    case .reset: end(.reset, event, emit)
    case .stateSet where event.newState != TraceEvent.closed: tell(.response, event, emit)
    case .stateSet:
      // The connect call itself gives up: its return says why.
      let isGivenUp = event.result == 0 && calls[event.tid].map { $0.sock == event.sock } ?? false
      if isGivenUp { expect(event) } else { tell(.close, event, emit) }
    case .resetReceived: resets[event.sock] = event.time
    case .stateChanged: changed(event, emit)
    default: break
    }
  }

  mutating func settle(until time: UInt64, _ emit: (Record) -> Void) {
    // Returns can get lost; threads that died in their call never return.
    if calls.count > Self.maximum { calls.removeAll() }
    if told.count > Self.maximum { told.removeAll() }
    if resets.count > Self.maximum { resets.removeAll() }
  }
}

extension ProbeTranslator {
  private mutating func tell(_ kind: EndRecord.Kind, _ event: TraceEvent, _ emit: (Record) -> Void) {
    expect(event)
    end(kind, event, emit)
  }

  private mutating func expect(_ event: TraceEvent) {
    if ends == .kprobes { told.insert(event.sock) }
  }

  /// Takes the tracepoint's event, which comes where a kprobe was missed as well, and says less.
  private mutating func changed(_ event: TraceEvent, _ emit: (Record) -> Void) {
    let reset = resets.removeValue(forKey: event.sock)
    guard told.remove(event.sock) == nil, starts.wantsPort(event.dport) else { return }
    guard event.newState == TraceEvent.closed else { return emit(event.end(.response, retransmits: nil)) }
    if let reset {
      emit(event.end(.reset, retransmits: nil, time: reset))
      return emit(event.end(.close, error: UInt16(ECONNREFUSED), retransmits: nil))
    }
    // Kprobes are missed in interrupts, where no application closes: there was an error, and it is not known which.
    guard case .end(var end) = event.end(.close, retransmits: nil) else { return }
    end.raw.header.flags |= UInt8(RECORD_IN_CONNECT.rawValue)
    emit(.end(end))
  }

  private func end(_ kind: EndRecord.Kind, _ event: TraceEvent, _ emit: (Record) -> Void) {
    guard starts.wantsPort(event.dport) else { return }
    emit(event.end(kind, error: UInt16(clamping: event.result), retransmits: event.retransmits))
  }
}
