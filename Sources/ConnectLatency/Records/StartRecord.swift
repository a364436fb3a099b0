import CConnectRecord

/// What is known when a connect begins: the kernel's `struct record_start`.
///
/// The hook is the entry of `tcp_v4_connect()` or `tcp_v6_connect()`, or the sock's way from CLOSE to SYN_SENT.
public struct StartRecord: Sendable, BitwiseCopyable {
  var raw: record_start

  init(raw: record_start) {
    self.raw = raw
  }

  /// A start as a source other than the kernel's ring buffer makes it.
  public init(
    time: UInt64, sock: UInt64, tid: UInt32, pid: UInt32, uid: UInt32?, netns: UInt32?, cgroup: UInt64?,
    comm: Comm, destination: IPAddress, destinationPort: UInt16, isV6Function: Bool = false
  ) {
    raw = record_start()
    raw.header.time = time
    raw.header.sock = sock
    raw.header.tid = tid
    raw.header.kind = UInt8(RECORD_START.rawValue)
    raw.header.ip = destination.isIPv4 ? 4 : 6
    raw.header.flags =
      (isV6Function ? UInt8(RECORD_V6_FUNCTION.rawValue) : 0)
      | (uid == nil ? UInt8(RECORD_UID_UNKNOWN.rawValue) : 0)
    raw.tgid = pid
    raw.uid = uid ?? 0
    raw.netns = netns ?? 0
    raw.dport = destinationPort
    raw.cgroup = cgroup ?? 0
    raw.comm = comm.words
    raw.daddr = destination.words
  }

  /// When, CLOCK_MONOTONIC in nanoseconds.
  public var time: UInt64 { raw.header.time }
  /// The address of the kernel's `struct sock`.
  public var sock: UInt64 { raw.header.sock }
  /// The connecting thread in the initial pid namespace; nil when unknown.
  public var tid: UInt32? { raw.header.tid == 0 ? nil : raw.header.tid }
  /// The connecting process (thread group) in the initial pid namespace; nil when unknown.
  public var pid: UInt32? { raw.tgid == 0 ? nil : raw.tgid }
  /// The connecting process in its own pid namespace, where the hooks or an enricher know it. No pid is larger than
  /// 2^22.
  public var pidInContainer: UInt32? {
    get {
      let pid = UInt32(raw.header.pid_high) << 16 | UInt32(raw.pid_low)
      return pid == 0 ? nil : pid
    }
    set {
      raw.header.pid_high = UInt8(truncatingIfNeeded: (newValue ?? 0) >> 16)
      raw.pid_low = UInt16(truncatingIfNeeded: newValue ?? 0)
    }
  }
  /// The real user id of the connecting task; nil when unknown.
  public var uid: UInt32? {
    raw.header.flags & UInt8(RECORD_UID_UNKNOWN.rawValue) == 0 ? raw.uid : nil
  }
  /// The inode of the sock's network namespace; nil when unknown.
  public var netns: UInt32? { raw.netns == 0 ? nil : raw.netns }
  /// The id of the task's cgroup, or what an enricher put in its place; nil when unknown.
  public var cgroupID: UInt64? {
    get { raw.cgroup == 0 ? nil : raw.cgroup }
    set { raw.cgroup = newValue ?? 0 }
  }
  /// The task's name, empty when unknown.
  public var comm: Comm {
    get { Comm(words: raw.comm) }
    set { raw.comm = newValue.words }
  }
  /// Where the caller asked to connect to; the kernel replaces an unspecified address by a local one.
  public var destination: IPAddress { IPAddress(words: raw.daddr, isIPv4: raw.header.ip == 4) }
  /// The port asked for, host byte order.
  public var destinationPort: UInt16 { raw.dport }
  /// Whether `tcp_v6_connect()` is the function that was called, also for a v4-mapped address.
  public var isV6Function: Bool { raw.header.flags & UInt8(RECORD_V6_FUNCTION.rawValue) != 0 }
  /// Whether another hook may have told of this connect already.
  var isMaybeRepeated: Bool { raw.header.flags & UInt8(RECORD_MAYBE_REPEATED.rawValue) != 0 }
}
