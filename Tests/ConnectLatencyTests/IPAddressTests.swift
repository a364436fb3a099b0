import Glibc
import Testing

@testable import ConnectLatency

@Suite("Addresses are read and written as people write them")
struct IPAddressTests {
  /// Text of many forms, and the one form it is written in (RFC 5952).
  static let forms: [(String, String)] = [
    ("0.0.0.0", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"),
    ("1.20.255.9", "1.20.255.9"), ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("0:0:0:0:0:0:0:1", "::1"),
    ("2001:DB8::00AB:1", "2001:db8::ab:1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
    ("1:0:0:2:0:0:0:0", "1:0:0:2::"), ("0:0:1:0:0:0:0:0", "0:0:1::"), ("0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"),
    ("1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"), ("fe80::abcd:ef01:2345:6789", "fe80::abcd:ef01:2345:6789"),
    ("::ffff:10.1.2.3", "::ffff:10.1.2.3"), ("::ffff:0:0", "::ffff:0.0.0.0"),
    ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
    ("::1:0:0", "::1:0:0"),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
  ]

  @Test("An address is written in the one form that is canonical", arguments: forms)
  func canonicalForm(given: String, canonical: String) throws {
    let address = try #require(IPAddress(given))
    #expect(text { $0.append(address) } == canonical)
    #expect(address.isIPv4 == !given.contains(":"))
  }

  @Test(
    "What is no address is not read",
    arguments: [
      "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", ":", ":::", "1::2::3", "g::", "12345::",
      "::1%lo", "[::1]", "localhost", "10.0.0.0/8",
    ])
  func notAnAddress(given: String) {
    #expect(IPAddress(given) == nil)
  }

  @Test(
    "Addresses at random are written as inet_ntop writes them, and read back",
    arguments: 0..<20 as Range<UInt64>)
  func asLibC(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<300 {
      let address = random.once(in: 4) ? Self.version4(&random) : Self.version6(&random)
      let written = text { $0.append(address) }
      #expect(IPAddress(written) == address)
      #expect(written == Self.libC(address))
    }
  }

  private static func version4(_ random: inout SplitMix64) -> IPAddress {
    IPAddress(
      words: (UInt64(UInt32.random(in: 0...UInt32.max, using: &random)).littleEndian, 0), isIPv4: true)
  }

  /// An address with many zero groups, some of them in runs.
  private static func version6(_ random: inout SplitMix64) -> IPAddress {
    var bytes: [UInt8] = []
    for _ in 0..<8 {
      switch Int.random(in: 0..<8, using: &random) {
      case 0...3: bytes += [0, 0]
      case 4: bytes += [0, random.bytes(1)[0]]
      case 5: bytes += [0xff, 0xff]
      default: bytes += random.bytes(2)
      }
    }
    // glibc writes ::/96 with a dotted quad, as was done before RFC 4291 gave these addresses up.
    if bytes[..<12].allSatisfy({ $0 == 0 }) { bytes[0] = 0x20 }
    let words = bytes.withUnsafeBytes {
      ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self))
    }
    return IPAddress(words: words, isIPv4: false)
  }

  private static func libC(_ address: IPAddress) -> String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = address.isIPv4 ? AF_INET : AF_INET6
    _ = withUnsafeBytes(of: address.words) {
      inet_ntop(family, $0.baseAddress, &text, socklen_t(INET6_ADDRSTRLEN))
    }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  @Test("The bytes of an address are in network order")
  func byteOrder() {
    #expect((0..<5).map { IPAddress.of("1.2.3.4")[$0] } == [1, 2, 3, 4, 0])
    #expect(
      (0..<16).map { IPAddress.of("2001:db8::102:304")[$0] }
        == [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
  }

  @Test("An IPv4 address and an IPv6 address of the same bytes differ")
  func families() {
    #expect(IPAddress.of("0.0.0.0") != IPAddress.of("::"))
    #expect(Set([IPAddress.of("0.0.0.0"), .of("::"), .of("::")]).count == 2)
    #expect(IPAddress.of("::").isUnspecified && IPAddress.of("0.0.0.0").isUnspecified)
    #expect(!IPAddress.of("::1").isUnspecified && !IPAddress.of("1::").isUnspecified)
  }
}
