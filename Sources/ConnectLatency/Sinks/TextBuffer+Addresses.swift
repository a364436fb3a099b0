/// The text of an IPv4 address that was written before: connects come from and go to the same few.
struct AddressText {
  fileprivate var address: UInt32 = 0
  fileprivate var text = ShortText()
}

extension TextBuffer {
  /// Appends an address as the other `append` does, from `last` if it is the same again.
  @inline(__always)
  mutating func append(_ address: IPAddress, last: inout AddressText) {
    guard address.isIPv4 else { return append(address) }
    let number = UInt32(truncatingIfNeeded: address.words.0.littleEndian)
    if last.text.length == 0 || last.address != number { remember(number, in: &last) }
    append(last.text)
  }

  @inline(never)
  private mutating func remember(_ address: UInt32, in last: inout AddressText) {
    let position = count
    appendIPv4(address)
    // A dotted quad has fifteen bytes at most.
    if let text = shortText(since: position) { last = AddressText(address: address, text: text) }
    removeLast(count - position)
  }

  /// Appends an address as people write it: a dotted quad, or RFC 5952's form of IPv6.
  mutating func append(_ address: IPAddress) {
    if address.isIPv4 {
      appendIPv4(UInt32(truncatingIfNeeded: address.words.0.littleEndian))
    } else {
      appendIPv6(address)
    }
  }

  private mutating func appendIPv4(_ bytes: UInt32) {
    // At most fifteen bytes; each octet is put down as three digits and a dot, and the next overwrites what is not it.
    reserve(16)
    append(octet: bytes & 0xff)
    append(octet: bytes >> 8 & 0xff)
    append(octet: bytes >> 16 & 0xff)
    append(octet: bytes >> 24)
    removeLast(1)
  }

  private mutating func appendIPv6(_ address: IPAddress) {
    func group(_ index: Int) -> UInt16 { UInt16(address[index * 2]) << 8 | UInt16(address[index * 2 + 1]) }

    // ::ffff:1.2.3.4 keeps its dotted quad (RFC 5952, section 5).
    let isMapped =
      address.words.0 == 0 && UInt32(truncatingIfNeeded: address.words.1.littleEndian) == 0xffff_0000
    if isMapped {
      append("::ffff:")
      return appendIPv4(UInt32(truncatingIfNeeded: address.words.1.littleEndian >> 32))
    }

    // The first of the longest runs of two or more zero groups becomes "::".
    var (longest, longestStart) = (1, 8)
    var runStart = 0
    for index in 0...8 where index == 8 || group(index) != 0 {
      if index - runStart > longest { (longest, longestStart) = (index - runStart, runStart) }
      runStart = index + 1
    }
    var index = 0
    while index < 8 {
      if index == longestStart {
        append("::")
        index += longest
        continue
      }
      if index > 0, index != longestStart + longest { append(UInt8(ascii: ":")) }
      append(hexadecimal: group(index))
      index += 1
    }
  }

  private mutating func append(hexadecimal number: UInt16) {
    var shift = number == 0 ? 0 : (15 - number.leadingZeroBitCount) / 4 * 4
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: number >> UInt16(shift)) & 0xf
      append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
      shift -= 4
    }
  }
}

extension IPAddress: CustomStringConvertible {
  /// The address as people write it.
  public var description: String {
    var buffer = TextBuffer(capacity: 48)
    buffer.append(self)
    return String(decoding: buffer.contents, as: UTF8.self)
  }
}
