import CWorkload
import Foundation
import Glibc

/// Connects over loopback, one after the other or at a rate, and how long each took: a load to measure a tracer under.
struct Load {
  /// How many connects stay open without an answer meanwhile, in a network namespace of this process' own.
  let open: Int
  /// How many connects each process makes before the next one takes its place; 0 for a single process.
  let perProcess: Int
  /// Whether each of these processes is in a cgroup of its own, which is made for it and removed after it.
  let inCgroups: Bool
  /// How many connects are counted.
  let connects: Int
  /// How many are made before counting, so that caches are warm.
  let warmup: Int
  /// How many a second at most; 0 for as many as there can be.
  let rate: Int
  /// For how many seconds at most.
  let seconds: Int

  /// Makes the connects and prints what they took.
  func run() throws {
    let waiting = open == 0 ? nil : try WaitingConnects(open)
    defer { withExtendedLifetime(waiting) {} }
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try check(listener, "socket")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    _ = try withAddress(&address) { try check(bind(listener, $0, $1), "bind") }
    try check(listen(listener, 16), "listen")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
    }
    for _ in 0..<warmup { try connectOnce(&address, listener) }
    let begin = now
    let usedBefore = used
    let end = begin + UInt64(seconds) * 1_000_000_000
    var made = 0
    while made < connects, now < end {
      if perProcess > 0 {
        let share = min(perProcess, connects - made)
        try inChild { for _ in 0..<share { try connectOnce(&address, listener) } }
        made += share
      } else {
        try connectOnce(&address, listener)
        made += 1
      }
      if rate > 0 { pace(made, since: begin) }
    }
    let elapsed = now - begin
    let count = UInt64(max(made, 1))
    print(
      "connects \(made) elapsed_ns \(elapsed) cpu_ns_per_connect \((used - usedBefore) / count) "
        + "ns_per_connect \(elapsed / count)")
  }

  /// Runs `body` in a process that ends with it.
  private func inChild(_ body: () throws -> Void) throws {
    if inCgroups {
      let cgroup = try Cgroup(named: "load")
      try inChild(of: cgroup.members, body)
    } else {
      try inChild(of: nil, body)
    }
  }

  /// - Parameter cgroup: the `cgroup.procs` of the group to be in; nil for this process' own.
  private func inChild(of cgroup: Int32?, _ body: () throws -> Void) throws {
    let child = wl_fork()
    if child == 0 {
      do {
        if let cgroup { try check(Int32(write(cgroup, "0", 1)), "write(cgroup.procs)") }
        try body()
      } catch {
        _exit(1)
      }
      _exit(0)
    }
    try check(child, "fork")
    var status: Int32 = 0
    waitpid(child, &status, 0)
    guard status == 0 else { throw WorkloadError.surprise("a child could not connect") }
  }

  /// A client that is reset, so that no port is left in TIME_WAIT.
  private func connectOnce(_ address: inout sockaddr_in, _ listener: Int32) throws {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    _ = try withAddress(&address) { try check(connect(client, $0, $1), "connect") }
    let server = accept(listener, nil, nil)
    close(client)
    close(server)
  }

  private func pace(_ made: Int, since begin: UInt64) {
    let due = begin + UInt64(made) * 1_000_000_000 / UInt64(rate)
    let ahead = Int64(due) - Int64(now)
    if ahead > 1_000_000 { usleep(UInt32(ahead / 1000)) }
  }

  private func withAddress<Value>(
    _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Value
  ) rethrows -> Value {
    try withUnsafePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private var now: UInt64 { time(CLOCK_MONOTONIC) }

  /// The time of a CPU that this process has had, in nanoseconds.
  private var used: UInt64 { time(CLOCK_PROCESS_CPUTIME_ID) }

  private func time(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
