/// Decodes the embedded files.
enum Base64 {
  /// The bytes that `text` stands for: standard alphabet, padded.
  static func decode(_ text: StaticString) -> [UInt8] {
    let source = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    let padding = source.suffix(2).count { $0 == UInt8(ascii: "=") }
    return [UInt8](unsafeUninitializedCapacity: source.count / 4 * 3) { bytes, count in
      var index = 0
      while index + 3 < source.count {
        let quad =
          value(source[index]) << 18 | value(source[index + 1]) << 12 | value(source[index + 2]) << 6
          | value(source[index + 3])
        bytes[count] = UInt8(truncatingIfNeeded: quad >> 16)
        bytes[count + 1] = UInt8(truncatingIfNeeded: quad >> 8)
        bytes[count + 2] = UInt8(truncatingIfNeeded: quad)
        count += 3
        index += 4
      }
      count -= padding
    }
  }

  private static func value(_ character: UInt8) -> UInt32 {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: 0
    }
  }
}
