import CWorkload
import Foundation

/// One connect attempt: makes it, and notes what the kernel says of it.
final class Connect {
  let scene: Scene
  let sock: Sock
  let target: Endpoint
  var truth: Attempt
  /// What the kernel said at last: nil once established.
  private(set) var error: Errno?
  /// The call returned, and the handshake goes on. A case may know better than what the call said.
  var isUnderWay = false
  /// When the call had returned: the kernel's part began before.
  private var returned: Int64 = 0

  /// As a connect of the calling thread.
  init(_ scene: Scene, _ sock: Sock, to target: Endpoint) throws {
    self.scene = scene
    self.sock = sock
    self.target = target
    truth = try Attempt.ofThisThread(scene.name, to: target)
    truth.note(local: sock.bound)
  }

  /// connect(2).
  func call() throws { try call { try sock.connect(target) } }

  /// Another way to connect: gives the errno, or nil.
  func call(_ body: () throws -> Errno?) rethrows {
    truth.before = wl_now()
    error = try body()
    returned = wl_now()
    truth.after = returned
    let underWay: [Int32] = [EINPROGRESS, EINTR]
    isUnderWay = error.map { underWay.contains($0.code) } ?? false
    if error == nil || isUnderWay { learn() }
  }

  /// Waits for the end of a connect that is under way.
  ///
  /// poll() can wake before that: an ICMP error that arrives while connect() holds the sock is only noted, and
  /// the kernel goes on sending SYNs.
  @discardableResult
  func wait(seconds: Int32 = 20) throws -> Connect {
    guard isUnderWay else { return self }
    let start = wl_now()
    repeat {
      guard try sock.waitWritable(seconds: seconds), wl_now() - start < Int64(seconds) * 1_000_000_000 else {
        throw WorkloadError.surprise("no end after \(seconds) s")
      }
      if sock.isSynSent { sleep(milliseconds: 2) }
    } while sock.isSynSent
    truth.after = wl_now()
    learn()
    error = try sock.pendingError()
    isUnderWay = false
    return self
  }

  /// Ends the connect as an application does, some time after it began.
  func abort(after milliseconds: Int = 50, _ ending: () throws -> Void) throws {
    guard isUnderWay else { throw surprise("under way") }
    sleep(milliseconds: milliseconds)
    learn()
    let start = wl_now()
    try ending()
    truth.after = wl_now()
    truth.latencyMin = start - returned
    isUnderWay = false
    error = nil
    try ends(as: .aborted)
  }

  /// Closes the sock as soon as poll() wakes. If the kernel has not ended the connect by then, the application
  /// did, though SO_ERROR named a reason: the row may say either.
  func closeWhenWoken() throws {
    guard isUnderWay, try sock.waitWritable(seconds: 20) else { throw surprise("under way") }
    learn()
    let isOpen = sock.isSynSent
    error = try sock.pendingError()
    sock.close()
    truth.after = wl_now()
    isUnderWay = false
    guard let error else { throw surprise("an ICMP error") }
    guard isOpen else { return try ends(as: .unreachable) }
    self.error = nil
    truth.outcomeAlso = .unreachable
    truth.errnoOptional = true
    try ends(as: .aborted, errno: error)
  }

  /// The latency cannot be less, and the connect is expected to end so.
  func ends(as outcome: Outcome, atLeast minimum: Int64) throws {
    truth.latencyMin = minimum
    try ends(as: outcome)
  }

  /// Checks that the kernel ended it as the case was made to, and writes it down.
  func ends(as outcome: Outcome, errno: Errno? = nil) throws {
    guard !isUnderWay, outcome.admits(error) else { throw surprise(outcome.rawValue) }
    guard outcome == .aborted || !sock.isSynSent else {
      throw WorkloadError.surprise("made for \(outcome), and the sock is still in SYN_SENT for \(target)")
    }
    truth.outcome = outcome
    truth.errno = (errno ?? error)?.name
    truth.latencyMax = truth.after - truth.before
    boundRetransmits()
    if outcome != .failed { fillSource() }
    try scene.record(truth)
  }

  /// How long ago the call returned.
  var sinceReturn: Int64 { wl_now() - returned }

  /// What the sock knows of itself now. After a blocking connect that failed, it knows no more.
  private func learn() {
    truth.note(local: sock.local)
    if let count = sock.retransmits { truth.retransmits = count }
    if let address = sock.remote?.address { truth.daddr = address }
  }

  /// A blocking connect that failed has taken the address from the sock, and left the port.
  private func fillSource() {
    if truth.sport == nil, let port = sock.local?.port, port != 0 { truth.sport = port }
    if truth.saddr == nil { truth.saddr = target.expectedSource }
  }

  /// Where the sock could not be asked, the time tells: the first SYN is sent again after a second.
  private func boundRetransmits() {
    guard truth.retransmits == nil, truth.retransmitsMin == nil else { return }
    let seconds = Int(truth.latencyMax / 900_000_000)
    if seconds == 0 {
      truth.retransmits = 0
    } else {
      (truth.retransmitsMin, truth.retransmitsMax) = (0, seconds)
    }
    if truth.outcome == .failed {
      (truth.retransmits, truth.retransmitsMin, truth.retransmitsMax) = (nil, 0, 0)
    }
  }

  private func surprise(_ expected: String) -> WorkloadError {
    let got = isUnderWay ? "a connect under way" : error?.name ?? "an established connect"
    return .surprise("made for \(expected), and the kernel gave \(got) for \(target)")
  }
}

extension Outcome {
  /// The errno can belong to it. What it was, a RST or an ICMP, the case knows.
  func admits(_ errno: Errno?) -> Bool {
    switch self {
    case .established: errno == nil
    case .refused: errno == Errno(ECONNREFUSED)
    case .timeout: errno == Errno(ETIMEDOUT)
    case .unreachable, .failed: errno != nil && errno != Errno(ETIMEDOUT)
    case .aborted: errno == nil || errno == Errno(ECONNABORTED)
    }
  }
}

extension Attempt {
  /// An attempt of the calling thread, its end still open.
  static func ofThisThread(_ name: String, to target: Endpoint) throws -> Attempt {
    var bytes = [CChar](repeating: 0, count: 16)
    try check(wl_get_comm(&bytes), "prctl(PR_GET_NAME)")
    let comm = bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return Attempt(
      name: name, pid: getpid(), tid: wl_thread_id(), uid: getuid(),
      comm: String(decoding: comm, as: UTF8.self), ip: target.family.ip, daddr: target.address,
      dport: target.port, outcome: .failed, netns: try Namespace.currentInode(), before: 0, after: 0,
      latencyMin: 0, latencyMax: 0)
  }

  /// Takes over what is known of this end.
  mutating func note(local: Endpoint?) {
    guard let local else { return }
    if !local.isAny { saddr = local.address }
    if local.port != 0 { sport = local.port }
  }
}
