import Testing

@testable import ConnectLatency

@Suite("A block of addresses")
struct AddressBlockTests {
  static let cases: [(block: String, inside: [String], outside: [String])] = [
    ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255", "10.1.2.3"], ["::", "::ffff:10.1.2.3"]),
    ("128.0.0.0/1", ["128.0.0.0", "255.0.0.1"], ["127.255.255.255", "8000::"]),
    ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["11.0.0.0", "9.255.255.255", "a00::"]),
    ("10.1.2.3/8", ["10.0.0.0", "10.255.255.255"], ["11.1.2.3"]),
    ("192.168.4.0/23", ["192.168.4.0", "192.168.5.255"], ["192.168.6.0", "192.168.3.255"]),
    ("10.0.0.2/31", ["10.0.0.2", "10.0.0.3"], ["10.0.0.1", "10.0.0.4"]),
    ("10.0.0.2/32", ["10.0.0.2"], ["10.0.0.3", "10.0.0.0"]), ("10.0.0.2", ["10.0.0.2"], ["10.0.0.3"]),
    ("::/0", ["::", "ffff::1"], ["0.0.0.0", "1.2.3.4"]),
    ("8000::/1", ["8000::", "ffff::"], ["7fff::", "::"]),
    ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff:ffff::1"], ["2001:db9::", "2001:db7:ffff::"]),
    ("2001:db8:0:2::/63", ["2001:db8:0:2::", "2001:db8:0:3:ffff::"], ["2001:db8:0:1::", "2001:db8:0:4::"]),
    ("2001:db8:0:2::/64", ["2001:db8:0:2::", "2001:db8:0:2:ffff:ffff:ffff:ffff"], ["2001:db8:0:3::"]),
    (
      "2001:db8:0:2:8000::/65", ["2001:db8:0:2:8000::", "2001:db8:0:2:ffff::1"],
      ["2001:db8:0:2:7fff::", "2001:db8:0:3:8000::"]
    ),
    ("2001:db8::4/127", ["2001:db8::4", "2001:db8::5"], ["2001:db8::6", "2001:db8::3"]),
    ("2001:db8::4/128", ["2001:db8::4"], ["2001:db8::5", "2001:db9::4"]), ("::1", ["::1"], ["::", "::2"]),
  ]

  @Test("It holds what its prefix says, and no address of the other family", arguments: cases)
  func contains(block: String, inside: [String], outside: [String]) throws {
    let block = try #require(AddressBlock(block))
    for address in inside { #expect(block.contains(.of(address)), "\(address)") }
    for address in outside { #expect(!block.contains(.of(address)), "\(address)") }
  }

  @Test(
    "What is no block is not read",
    arguments: [
      "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/-0", "10.0.0.0/+8",
      "10.0.0.0/8/8", "10.0.0.0/x", "10.0.0.0/ 8", "10.0.0/8", "::/129", "::1/", "fe80::%eth0/64",
    ])
  func notABlock(given: String) {
    #expect(AddressBlock(given) == nil)
  }

  @Test("It agrees with a comparison bit by bit", arguments: 0..<10 as Range<UInt64>)
  func bitByBit(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<500 {
      let address = IPAddress(words: (random.next(), random.next()), isIPv4: false)
      let prefix = Int.random(in: 0...128, using: &random)
      let flipped = Int.random(in: 0..<128, using: &random)
      let other = address.flipping(bit: flipped)
      let block = try #require(AddressBlock("\(text { $0.append(address) })/\(prefix)"))
      #expect(block.contains(address))
      #expect(block.contains(other) == (flipped >= prefix), "bit \(flipped), prefix \(prefix)")
    }
  }
}

extension IPAddress {
  /// The same with one bit changed, counted from the first of the first byte.
  fileprivate func flipping(bit: Int) -> IPAddress {
    let mask = (1 << UInt64(63 - bit % 64) as UInt64).bigEndian
    return IPAddress(
      words: bit < 64 ? (words.0 ^ mask, words.1) : (words.0, words.1 ^ mask), isIPv4: isIPv4)
  }
}
