import CTraceFS
import Glibc

/// Where the fields of the events lie, as libtraceevent reads it from the kernel's own description.
final class TraceFSFormats {
  private let tep: OpaquePointer
  private var decoders: [EventDecoder] = []
  /// The index of an event's decoder by the event's id, -1 for events that are not ours.
  private var indices: [Int16] = []
  /// How large the pages are in which the kernel hands events over.
  let pageSize: Int

  /// - Throws: `TraceFSError` when the kernel's description of its pages makes no sense.
  init() throws(TraceFSError) {
    guard let tep = tep_alloc() else { throw TraceFSError("allocate an event parser", errno: ENOMEM) }
    self.tep = tep
    var size: Int32 = 0
    guard let text = tracefs_instance_file_read(nil, "events/header_page", &size) else {
      tep_free(tep)
      throw TraceFSError("read events/header_page", errno: errno)
    }
    defer { free(text) }
    let long = Int32(MemoryLayout<Int>.size)
    guard tep_parse_header_page(tep, text, UInt(size), long) == 0 else {
      tep_free(tep)
      throw TraceFSError("understand events/header_page", errno: EINVAL)
    }
    pageSize = max(Int(tep_get_sub_buffer_size(tep)), Int(sysconf(Int32(_SC_PAGESIZE))))
  }

  deinit { tep_free(tep) }

  /// Learns the format of an event.
  /// - Throws: `TraceFSError` when there is no such event.
  func add(_ hook: TraceFSHook) throws(TraceFSError) {
    var size: Int32 = 0
    guard let text = tracefs_event_file_read(nil, hook.system, hook.event, "format", &size) else {
      var error = TraceFSError("read the format of \(hook.system):\(hook.event)", errno: errno)
      if error.errno == ENOENT { error.missing = ("\(hook.system):\(hook.event)", "") }
      throw error
    }
    defer { free(text) }
    // A print format that the parser does not understand is no loss: nothing is printed.
    _ = tep_parse_event(tep, text, UInt(size), hook.system)
    guard let event = tep_find_event_by_name(tep, hook.system, hook.event) else {
      throw TraceFSError("understand the format of \(hook.system):\(hook.event)", errno: EINVAL)
    }
    let id = Int(event.pointee.id)
    if indices.count <= id { indices += Array(repeating: -1, count: id + 1 - indices.count) }
    indices[id] = Int16(decoders.count)
    decoders.append(
      EventDecoder(hook) { name in
        tep_find_any_field(event, name).map { EventDecoder.Field($0.pointee) }
      })
  }

  /// Reads an event; nil when it is none of ours.
  func decode(_ bytes: UnsafeRawBufferPointer, time: UInt64) -> TraceEvent? {
    guard bytes.count >= 8 else { return nil }
    let id = Int(bytes.loadUnaligned(as: UInt16.self))
    guard id < indices.count, indices[id] >= 0 else { return nil }
    return decoders[Int(indices[id])].decode(bytes, time: time)
  }
}

/// Reads the fields of one kind of event.
struct EventDecoder {
  /// Where a field lies; size 0 for one that the event does not have.
  struct Field {
    var offset = 0
    var size = 0
    /// The field says where in the event its bytes are.
    var isDynamic = false
  }

  private let kind: TraceEvent.Kind
  /// Events of our own have ports as they lie in the sock.
  private let isBigEndian: Bool
  private let v6OnlyBit: Int
  private let tid, sock, family, sport, dport, saddr, daddr, saddrV6, daddrV6, v6Only, oldState,
    newState: Field
  private let result, retransmits, netns, comm, pid, uid, cgroup: Field

  init(_ hook: TraceFSHook, find: (String) -> Field?) {
    func field(_ names: String...) -> Field { names.lazy.compactMap(find).first ?? Field() }
    kind = hook.kind
    isBigEndian = hook.isOurs
    v6OnlyBit = hook.v6OnlyBit
    tid = field("common_pid")
    sock = field("skaddr")
    (family, sport, dport) = (field("family"), field("sport"), field("dport"))
    (saddr, daddr) = (field("saddr"), field("daddr"))
    (saddrV6, daddrV6) = (field("saddr_v6"), field("daddr_v6"))
    v6Only = field("v6only")
    (oldState, newState) = (field("oldstate", "state"), field("newstate"))
    result = field("error", "ret")
    (retransmits, netns, comm) = (field("retransmits"), field("netns"), field("comm"))
    (pid, uid, cgroup) = (field("tgid"), field("uid"), field("cgroup"))
  }

  func decode(_ bytes: UnsafeRawBufferPointer, time: UInt64) -> TraceEvent {
    func number(_ field: Field) -> UInt64 {
      guard field.offset + field.size <= bytes.count else { return 0 }
      return switch field.size {
      case 1: UInt64(bytes[field.offset])
      case 2: UInt64(bytes.loadUnaligned(fromByteOffset: field.offset, as: UInt16.self))
      case 4: UInt64(bytes.loadUnaligned(fromByteOffset: field.offset, as: UInt32.self))
      case 8: bytes.loadUnaligned(fromByteOffset: field.offset, as: UInt64.self)
      default: 0
      }
    }
    func signed(_ field: Field) -> Int64 {
      field.size == 4 ? Int64(Int32(truncatingIfNeeded: number(field))) : Int64(bitPattern: number(field))
    }
    func port(_ field: Field) -> UInt16 {
      let port = UInt16(truncatingIfNeeded: number(field))
      return isBigEndian ? UInt16(bigEndian: port) : port
    }
    func words(_ field: Field) -> (UInt64, UInt64) {
      guard field.size == 16, field.offset + 16 <= bytes.count else { return (0, 0) }
      return (
        bytes.loadUnaligned(fromByteOffset: field.offset, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: field.offset + 8, as: UInt64.self)
      )
    }
    var event = TraceEvent(kind)
    event.time = time
    event.tid = UInt32(truncatingIfNeeded: number(tid))
    event.sock = number(sock)
    event.family =
      kind == .connectV6 ? UInt16(AF_INET6) : UInt16(truncatingIfNeeded: number(family))
    (event.sport, event.dport) = (port(sport), port(dport))
    event.saddr = UInt32(truncatingIfNeeded: number(saddr))
    event.daddr = UInt32(truncatingIfNeeded: number(daddr))
    (event.saddrV6, event.daddrV6) = (words(saddrV6), words(daddrV6))
    event.isV6Only = number(v6Only) >> UInt64(v6OnlyBit) & 1 == 1
    event.oldState = UInt8(truncatingIfNeeded: number(oldState))
    event.newState = UInt8(truncatingIfNeeded: number(newState))
    event.result = signed(result)
    event.retransmits = UInt16(truncatingIfNeeded: number(retransmits))
    event.netns = UInt32(truncatingIfNeeded: number(netns))
    event.comm = text(comm, bytes)
    event.pid = UInt32(truncatingIfNeeded: number(pid))
    event.uid = UInt32(truncatingIfNeeded: number(uid))
    event.cgroup = number(cgroup)
    return event
  }

  private func text(_ field: Field, _ bytes: UnsafeRawBufferPointer) -> Comm {
    guard field.isDynamic else {
      guard field.offset + field.size <= bytes.count else { return Comm([]) }
      return Comm(bytes[field.offset..<field.offset + field.size].prefix { $0 != 0 })
    }
    guard field.offset + 4 <= bytes.count else { return Comm([]) }
    let place = bytes.loadUnaligned(fromByteOffset: field.offset, as: UInt32.self)
    let (offset, length) = (Int(place & 0xffff), Int(place >> 16))
    guard offset + length <= bytes.count else { return Comm([]) }
    return Comm(bytes[offset..<offset + length].prefix { $0 != 0 })
  }
}

extension EventDecoder.Field {
  fileprivate init(_ field: tep_format_field) {
    let isDynamic = field.flags & UInt(TEP_FIELD_IS_DYNAMIC.rawValue) != 0
    self.init(offset: Int(field.offset), size: Int(field.size), isDynamic: isDynamic)
  }
}
