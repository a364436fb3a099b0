import CWorkload
import Foundation

/// Connects that are answered, but not at once.
let delayedCases: [Case] = [
  Case("delay-netem", slow: true) { scene in
    let site = try Site()
    do {
      _ = try site.peer.run {
        try Command("tc", "qdisc", "add", "dev", Site.peerDevice, "root", "netem", "delay", "100ms").run()
      }
    } catch {
      throw WorkloadError.unsupported("no netem: \(error)")
    }
    let target = try scene.closed(.peer, .v4)
    try scene.listen(target, in: site.peer)
    try site.client.run { try scene.blocking(target).ends(as: .established, atLeast: 99_000_000) }
  },
  // The first SYN waits in the neighbour's queue: a delay that every kernel can do.
  Case("delay-neighbour", slow: true) { scene in
    try late(.late, scene.nonblocking(scene.listening(.late, .v4)), .established)
  },
  Case("refused-late", slow: true) { scene in
    try late(.lateClosed, scene.nonblocking(scene.closed(.lateClosed, .v4)), .refused)
  },
  // A signal ends the call, not the connect.
  Case("interrupted", slow: true) { scene in
    let target = try scene.listening(.later, .v4)
    try check(wl_interrupt_on(SIGUSR1), "sigaction")
    let thread = wl_thread_id()
    let returned = Flag()
    // More than once: on a slow machine the first may come before the call.
    let interrupter = Work {
      sleep(milliseconds: 200)
      while !returned.isRaised {
        try check(wl_signal_thread(thread, SIGUSR1), "tgkill")
        sleep(milliseconds: 200)
      }
    }
    let connect = try scene.blocking(target)
    returned.raise()
    try interrupter.join()
    guard connect.isUnderWay else { throw WorkloadError.surprise("the connect was not interrupted") }
    let delay = connect.sinceReturn
    try resolve(.later)
    try connect.wait().ends(as: .established, atLeast: delay)
  },
  // The first SYN finds nobody who has its address, the second does.
  Case("syn-lost-once", slow: true) { scene in
    let connect = try scene.nonblocking(scene.listening(.awaited, .v4))
    sleep(milliseconds: 300)
    try scene.site.peer.run {
      try Site.ip(["addr add \(Host.awaited.address(.v4))/24 dev \(Site.peerDevice)"])
    }
    try connect.wait().ends(as: .established, atLeast: 950_000_000)
  },
  // Two SYNs that cross: both ends connect, nobody listens.
  Case("simultaneous-open", slow: true) { scene in
    let here = Endpoint(.v4, Site.crossingSource, try scene.ports.next())
    let there = Endpoint(.v4, Host.crossing.address(.v4), try scene.ports.next())
    let first = try scene.nonblocking(there, Sock(.v4).bind(here))
    let connected = DispatchSemaphore(value: 0)
    let far = Work {
      try scene.site.peer.enter()
      let second = try scene.nonblocking(here, Sock(.v4).bind(there))
      connected.signal()
      try resolve(here.address, mac: Site.clientMAC, device: Site.peerDevice)
      try second.wait().ends(as: .established)
    }
    connected.wait()
    try resolve(.crossing)
    try first.wait().ends(as: .established)
    try far.join()
  },
]
