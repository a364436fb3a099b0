import CWorkload
import Glibc

/// Answers that come later than the call returns, as they do on a real network: nobody holds the sock then, and
/// the task that connects is not the one that runs.
func late(_ neighbour: Host, _ connect: Connect, _ outcome: Outcome) throws {
  sleep(milliseconds: 100)
  let delay = connect.sinceReturn
  try resolve(neighbour)
  try connect.wait().ends(as: outcome, atLeast: delay)
}

/// Gives the client the neighbour entry that its SYN waits for.
func resolve(_ host: Host) throws {
  try resolve(host.address(.v4), mac: Site.peerMAC, device: Site.clientDevice)
}

/// Adds a neighbour entry in the calling thread's namespace.
func resolve(_ address: String, mac: String, device: String) throws {
  var inet = in_addr()
  guard inet_pton(AF_INET, address, &inet) == 1 else {
    throw WorkloadError.surprise("\(address) is no address")
  }
  let bytes = mac.split(separator: ":").compactMap { UInt8($0, radix: 16) }
  try check(wl_set_neighbour(device, inet, bytes), "ioctl(SIOCSARP, \(address))")
}
