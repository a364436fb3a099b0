import CConnectRecord
import CLibBPF
import Glibc

/// The ring buffer that the hooks write to.
final class RingBuffer {
  /// What one call of `consume` is busy with; libbpf's callback reaches it through `current`.
  private struct Consumption {
    let body: (Record) throws(SinkError) -> Void
    let onCgroup: ((CgroupRecord) -> Void)?
    /// What takes everything as it is, in place of the closures.
    let backlog: RecordBacklog?
    var remaining: Int
    var error: SinkError?
  }

  private let ring: OpaquePointer
  private let current: UnsafeMutablePointer<UnsafeMutablePointer<Consumption>?>
  /// Readable when there is a record. The map's own descriptor looks anew at every poll, so that no wake-up which
  /// raced with the reader can be lost.
  let descriptor: CInt

  /// - Parameters:
  ///   - map: the descriptor of the map, which must live longer than this object.
  ///   - size: of the map, in bytes.
  init(map: CInt, size: Int) throws(BPFError) {
    descriptor = map
    current = .allocate(capacity: 1)
    current.initialize(to: nil)
    guard let ring = ring_buffer__new(map, Self.receive, current, nil) else {
      let error = BPFError(doing: "map the ring buffer", errno: errno)
      current.deallocate()
      throw error
    }
    self.ring = ring
    RingBufferMapping.unmapRepetition(size: size)
  }

  deinit {
    ring_buffer__free(ring)
    current.deallocate()
  }

  /// Whether records are being handed over, so that no others can be.
  var isBusy: Bool { current.pointee != nil }

  /// Hands over records that are there, in order, at most `limit` of them.
  /// - Parameter onCgroup: takes cgroups that were made, in order with the records.
  /// - Returns: whether there may be more.
  /// - Throws: what `body` threw; the records behind that one stay.
  func consume(
    atMost limit: Int, onCgroup: ((CgroupRecord) -> Void)?, _ body: (Record) throws(SinkError) -> Void
  ) throws(SinkError) -> Bool {
    let (remaining, error) = withoutActuallyEscaping(body) { body in
      consume(Consumption(body: body, onCgroup: onCgroup, backlog: nil, remaining: limit))
    }
    if let error { throw error }
    return remaining == 0
  }

  /// Moves records to a backlog, as many as that has room for.
  func move(to backlog: RecordBacklog) {
    while case let room = backlog.room, room > 0 {
      let consumption = Consumption(body: { _ in }, onCgroup: nil, backlog: backlog, remaining: room)
      if consume(consumption).remaining > 0 { return }
    }
  }

  private func consume(_ consumption: consuming Consumption) -> (remaining: Int, error: SinkError?) {
    var consumption = consumption
    withUnsafeMutablePointer(to: &consumption) { pointer in
      current.pointee = pointer
      _ = ring_buffer__consume(ring)
      current.pointee = nil
    }
    return (consumption.remaining, consumption.error)
  }

  private static let receive: ring_buffer_sample_fn = { context, data, size in
    let current = context!.assumingMemoryBound(to: UnsafeMutablePointer<Consumption>?.self)
    guard let consumption = current.pointee else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    if let backlog = consumption.pointee.backlog {
      backlog.append(bytes)
    } else {
      do throws(SinkError) {
        try Record.deliver(bytes, onCgroup: consumption.pointee.onCgroup, consumption.pointee.body)
      } catch {
        consumption.pointee.error = error
        return -1
      }
    }
    // Below zero, libbpf leaves the records behind this one.
    consumption.pointee.remaining -= 1
    return consumption.pointee.remaining == 0 ? -1 : 0
  }
}

extension Record {
  /// Hands over what the hooks wrote: a record, or a cgroup that was made.
  @inline(__always)
  static func deliver(
    _ bytes: UnsafeRawBufferPointer, onCgroup: ((CgroupRecord) -> Void)?,
    _ body: (Record) throws(SinkError) -> Void
  ) throws(SinkError) {
    if let record = Record(bytes) {
      try body(record)
    } else if let onCgroup {
      CgroupRecord(bytes).map(onCgroup)
    }
  }
}

/// The counter of lost records, mapped for reading.
struct LossCounter: ~Copyable {
  private let counters: UnsafePointer<CConnectRecord.losses>?

  init(map: CInt) {
    let address = mmap(nil, Int(sysconf(Int32(_SC_PAGESIZE))), PROT_READ, MAP_SHARED, map, 0)
    counters = address == MAP_FAILED ? nil : UnsafePointer(address?.assumingMemoryBound(to: losses.self))
  }

  deinit {
    if let counters { munmap(UnsafeMutableRawPointer(mutating: counters), Int(sysconf(Int32(_SC_PAGESIZE)))) }
  }

  /// What has been lost until now.
  var value: Losses {
    counters.map { Losses(starts: $0.pointee.starts, ends: $0.pointee.ends) } ?? Losses()
  }
}
