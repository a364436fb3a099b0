import CConnectRecord
import CLibBPF
import Glibc

/// The ring buffer that the hooks write to.
final class RingBuffer {
  /// What one call of `consume` is busy with; libbpf's callback reaches it through `current`.
  private struct Consumption {
    let body: (Record) throws(SinkError) -> Void
    let onCgroup: ((CgroupRecord) -> Void)?
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

  /// Hands over every record that is there.
  /// - Parameter onCgroup: takes cgroups that were made, in order with the records.
  /// - Throws: what `body` threw; the records behind that one stay.
  func consume(
    onCgroup: ((CgroupRecord) -> Void)?, _ body: (Record) throws(SinkError) -> Void
  ) throws(SinkError) {
    let error = withoutActuallyEscaping(body) { body in
      var consumption = Consumption(body: body, onCgroup: onCgroup, error: nil)
      withUnsafeMutablePointer(to: &consumption) { pointer in
        current.pointee = pointer
        _ = ring_buffer__consume(ring)
        current.pointee = nil
      }
      return consumption.error
    }
    if let error { throw error }
  }

  private static let receive: ring_buffer_sample_fn = { context, data, size in
    let current = context!.assumingMemoryBound(to: UnsafeMutablePointer<Consumption>?.self)
    guard let consumption = current.pointee else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    guard let record = Record(bytes) else {
      if let onCgroup = consumption.pointee.onCgroup { CgroupRecord(bytes).map(onCgroup) }
      return 0
    }
    do throws(SinkError) {
      try consumption.pointee.body(record)
      return 0
    } catch {
      consumption.pointee.error = error
      return -1
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
