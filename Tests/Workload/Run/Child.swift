import CWorkload
import Foundation

/// A child process that makes one connect and ends as it is told. It does no more than that after the fork,
/// and so lives a millisecond.
final class Child {
  private let shared: UnsafeMutablePointer<wl_child>
  private let target: Endpoint
  private var truth: Attempt
  private var pid: pid_t = 0
  private let scene: Scene

  /// A plan: `uid` 0 and an empty `comm` are as the parent's.
  init(
    _ scene: Scene, to target: Endpoint, ending: wl_ending, uid: UInt32 = 0, comm: [UInt8] = [],
    source: Endpoint? = nil
  ) throws {
    guard let shared = wl_child_new() else { throw WorkloadError.call("mmap", .current) }
    self.shared = shared
    self.scene = scene
    self.target = target
    truth = try Attempt.ofThisThread(scene.name, to: target)
    shared.pointee.ending = Int32(ending.rawValue)
    shared.pointee.target_length = try target.store(in: &shared.pointee.target)
    if let source {
      shared.pointee.source_length = try source.store(in: &shared.pointee.source)
      truth.note(local: source)
    }
    if uid != 0 {
      shared.pointee.uid = uid
      truth.uid = uid
    }
    if !comm.isEmpty {
      withUnsafeMutableBytes(of: &shared.pointee.comm) { $0.copyBytes(from: comm.prefix(15)) }
      truth.comm = String(decoding: comm.prefix(15), as: UTF8.self)
      truth.commBytes = Data(comm.prefix(15)).base64EncodedString()
    }
  }

  /// A plan for a child in a group whose program may have it connect to another port.
  convenience init(
    _ scene: Scene, to target: Endpoint, ending: wl_ending, cgroup: borrowing Cgroup,
    redirectedTo port: UInt16?
  ) throws {
    try self.init(scene, to: target, ending: ending)
    shared.pointee.cgroup = cgroup.members
    if let port { truth.dport = port }
  }

  deinit { wl_child_free(shared) }

  /// Starts it.
  func start() throws {
    pid = try check(wl_child_start(shared), "fork")
    truth.pid = pid
    truth.tid = pid
  }

  /// Kills it some time after its connect began, and writes down the connect it was in.
  func killInConnect(after milliseconds: Int = 100) throws {
    for _ in 0..<2000 where shared.pointee.before == 0 { sleep(milliseconds: 5) }
    let seen = wl_now()
    sleep(milliseconds: milliseconds)
    let killed = wl_now()
    try check(kill(pid, SIGKILL), "kill")
    try reap()
    guard shared.pointee.before != 0, shared.pointee.finished == 0 else {
      throw WorkloadError.surprise("the child was not killed in connect")
    }
    truth.latencyMin = (killed - seen) / 2
    try ends(as: .aborted)
  }

  /// Waits for its end, and writes its connect down.
  func finish(as outcome: Outcome) throws {
    try reap()
    let failure = Errno(shared.pointee.setup_error)
    guard failure.code == 0, shared.pointee.finished == 1 else {
      throw WorkloadError.call("the child's connect", failure)
    }
    let error = shared.pointee.error == 0 ? nil : Errno(shared.pointee.error)
    let inFlight = outcome == .aborted && error == Errno(EINPROGRESS)
    guard inFlight || outcome.admits(error) else {
      throw WorkloadError.surprise("made for \(outcome), and the kernel gave \(error?.name ?? "no error")")
    }
    if shared.pointee.remote_length > 0, let remote = Endpoint(shared.pointee.remote) {
      (truth.daddr, truth.dport) = (remote.address, remote.port)
    }
    if shared.pointee.local_length > 0 { truth.note(local: Endpoint(shared.pointee.local)) }
    truth.errno = inFlight ? nil : error?.name
    try ends(as: outcome)
  }

  private func ends(as outcome: Outcome) throws {
    truth.outcome = outcome
    truth.before = shared.pointee.before
    // A connect that its process outlived ended with the call, another with the process.
    truth.after = outcome == .aborted ? wl_now() : shared.pointee.after
    truth.latencyMax = truth.after - truth.before
    if truth.saddr == nil, outcome != .failed { truth.saddr = target.expectedSource }
    if truth.latencyMax < 900_000_000 { truth.retransmits = 0 }
    try scene.record(truth)
  }

  private func reap() throws {
    var status: Int32 = 0
    try check(waitpid(pid, &status, 0), "waitpid")
  }
}
