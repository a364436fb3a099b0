import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
  /// The sixteen bytes in network order, as two words that lie in memory as they came; IPv4 fills the first four.
  let words: (UInt64, UInt64)
  /// Whether this is an IPv4 address.
  public let isIPv4: Bool

  init(words: (UInt64, UInt64), isIPv4: Bool) {
    self.words = words
    self.isIPv4 = isIPv4
  }

  /// Reads an address as `inet_pton(3)` does; nil when `text` is none.
  public init?(_ text: some StringProtocol) {
    var words: (UInt64, UInt64) = (0, 0)
    let text = String(text)
    let parsed = withUnsafeMutableBytes(of: &words) { bytes -> Bool? in
      if inet_pton(AF_INET, text, bytes.baseAddress) == 1 { return true }
      return inet_pton(AF_INET6, text, bytes.baseAddress) == 1 ? false : nil
    }
    guard let isIPv4 = parsed else { return nil }
    self.init(words: words, isIPv4: isIPv4)
  }

  /// Whether every byte is zero, which is what a sock without an address has.
  public var isUnspecified: Bool { words.0 | words.1 == 0 }

  /// The byte at `index` in network order.
  public subscript(index: Int) -> UInt8 {
    let word = index < 8 ? words.0 : words.1
    return UInt8(truncatingIfNeeded: word.littleEndian >> UInt64(8 * (index & 7)))
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.words == right.words && left.isIPv4 == right.isIPv4
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(isIPv4)
  }
}

/// A block of addresses in CIDR notation.
public struct AddressBlock: Hashable, Sendable {
  let address: IPAddress
  let prefix: Int

  /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; nil when `text` is none of them.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(parts[0]) else { return nil }
    let width = address.isIPv4 ? 32 : 128
    var prefix = width
    if parts.count == 2 {
      // Int reads a sign as well.
      guard parts[1].utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
        let length = Int(parts[1]), length <= width
      else { return nil }
      prefix = length
    }
    self.address = address
    self.prefix = prefix
  }

  /// Whether `other` lies in this block; an address of the other family never does.
  public func contains(_ other: IPAddress) -> Bool {
    guard other.isIPv4 == address.isIPv4 else { return false }
    return Self.equal(address.words.0, other.words.0, leading: min(prefix, 64))
      && Self.equal(address.words.1, other.words.1, leading: max(prefix - 64, 0))
  }

  private static func equal(_ left: UInt64, _ right: UInt64, leading bits: Int) -> Bool {
    bits == 0 || (left ^ right).bigEndian >> UInt64(64 - bits) == 0
  }
}
