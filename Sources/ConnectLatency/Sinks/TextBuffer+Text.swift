/// A task's name as it was written before: connects come from the same few tasks.
struct CommText {
  fileprivate var comm = Comm(words: (0, 0))
  fileprivate var text = ShortText()
  fileprivate var characters = 0
}

/// Names come from whoever runs a process, so no byte of theirs reaches a terminal or a JSON document unlooked at.
extension TextBuffer {
  /// Appends a name for a terminal: whatever is not a printable character becomes `?`.
  /// - Parameter columns: how many characters at most.
  /// - Returns: how many characters were appended.
  @discardableResult
  mutating func appendPrintable(_ bytes: [UInt8], columns: Int = .max) -> Int {
    bytes.withUnsafeBufferPointer { appendPrintable($0, columns: columns) }
  }

  /// Appends a task's name for a terminal, from `last` if it is the same again.
  /// - Returns: how many characters were appended.
  @inline(__always)
  mutating func appendPrintable(_ comm: Comm, columns: Int, last: inout CommText) -> Int {
    if last.comm == comm {
      append(last.text)
      return last.characters
    }
    let position = count
    let characters = appendPrintable(comm, columns: columns)
    remember(comm, since: position, characters, in: &last)
    return characters
  }

  /// Appends a task's name as the inside of a JSON string, from `last` if it is the same again.
  @inline(__always)
  mutating func appendJSONEscaped(_ comm: Comm, last: inout CommText) {
    if last.comm == comm { return append(last.text) }
    let position = count
    appendJSONEscaped(comm)
    remember(comm, since: position, in: &last)
  }

  /// Keeps what has been appended since `position`, unless escapes have made it too long.
  @inline(never)
  private mutating func remember(
    _ comm: Comm, since position: Int, _ characters: Int = 0, in last: inout CommText
  ) {
    guard let text = shortText(since: position) else { return }
    last = CommText(comm: comm, text: text, characters: characters)
  }

  /// Appends a task's name for a terminal.
  /// - Returns: how many characters were appended.
  @discardableResult
  mutating func appendPrintable(_ comm: Comm, columns: Int) -> Int {
    if let length = comm.plainLength {
      let shown = min(length, columns)
      append(comm.words.0, length: min(shown, 8))
      if shown > 8 { append(comm.words.1, length: shown - 8) }
      return shown
    }
    var words = comm.words
    return withUnsafeBytes(of: &words) { bytes in
      let name = bytes.prefix { $0 != 0 }
      return appendPrintable(name.bindMemory(to: UInt8.self), columns: columns)
    }
  }

  /// Appends text as the inside of a JSON string; invalid UTF-8 becomes U+FFFD. Control and bidi characters are
  /// escaped, which changes nothing for a parser: JSON goes to terminals too.
  mutating func appendJSONEscaped(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { appendJSONEscaped($0) }
  }

  /// Appends a task's name as the inside of a JSON string.
  mutating func appendJSONEscaped(_ comm: Comm) {
    if let length = comm.plainLength, !comm.hasJSONSpecial {
      append(comm.words.0, length: min(length, 8))
      if length > 8 { append(comm.words.1, length: length - 8) }
      return
    }
    var words = comm.words
    withUnsafeBytes(of: &words) { bytes in
      appendJSONEscaped(bytes.prefix { $0 != 0 }.bindMemory(to: UInt8.self))
    }
  }
}

extension String {
  /// The same for a terminal: whatever is not a printable character is `?`, newlines too.
  package var printable: String {
    var buffer = TextBuffer(capacity: utf8.count)
    buffer.appendPrintable(Array(utf8))
    return String(decoding: buffer.contents, as: UTF8.self)
  }
}

extension TextBuffer {
  private mutating func appendPrintable(_ bytes: UnsafeBufferPointer<UInt8>, columns: Int) -> Int {
    var written = 0
    var index = 0
    while index < bytes.count, written < columns {
      let byte = bytes[index]
      if byte >= 0x20 && byte < 0x7f {
        append(byte)
        index += 1
      } else if let scalar = UTF8Scalar(bytes, at: index) {
        if scalar.isPrintable {
          for offset in 0..<scalar.length { append(bytes[index + offset]) }
        } else {
          append(UInt8(ascii: "?"))
        }
        index += scalar.length
      } else {
        append(UInt8(ascii: "?"))
        index += 1
      }
      written += 1
    }
    return written
  }

  private mutating func appendJSONEscaped(_ bytes: UnsafeBufferPointer<UInt8>) {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append(UInt8(ascii: "\\"))
        append(byte)
        index += 1
      case 0x20..<0x7f:
        append(byte)
        index += 1
      case ..<0x20, 0x7f:
        appendJSONEscape(UInt16(byte))
        index += 1
      default:
        if let scalar = UTF8Scalar(bytes, at: index) {
          if scalar.isInvisible {
            for unit in Character(scalar.value).utf16 { appendJSONEscape(unit) }
          } else {
            for offset in 0..<scalar.length { append(bytes[index + offset]) }
          }
          index += scalar.length
        } else {
          append("\u{FFFD}")
          index += 1
        }
      }
    }
  }

  private mutating func appendJSONEscape(_ unit: UInt16) {
    append("\\u")
    for shift: UInt16 in [12, 8, 4, 0] {
      let digit = UInt8(unit >> shift & 0xf)
      append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
    }
  }
}

/// One character of more than seven bits, read where it begins.
private struct UTF8Scalar {
  let value: Unicode.Scalar
  let length: Int

  /// Nil when the bytes at `index` are not well-formed UTF-8 (The Unicode Standard, table 3-7).
  init?(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) {
    let first = bytes[index]
    let length: Int
    switch first {
    case ..<0x80: length = 1
    case 0xc2...0xdf: length = 2
    case 0xe0...0xef: length = 3
    case 0xf0...0xf4: length = 4
    default: return nil
    }
    guard index + length <= bytes.count else { return nil }
    var value = length == 1 ? UInt32(first) : UInt32(first) & (0x7f >> UInt32(length))
    for offset in 1..<max(length, 1) {
      let byte = bytes[index + offset]
      guard byte & 0xc0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3f)
    }
    let smallest: UInt32 = [0, 0, 0x80, 0x800, 0x1_0000][length]
    guard value >= smallest, let scalar = Unicode.Scalar(value) else { return nil }
    self.value = scalar
    self.length = length
  }

  /// Whether it does something to a terminal instead of showing there: control, format (bidi, zero width), separator.
  var isInvisible: Bool {
    switch value.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// Whether it shows as itself and cannot change how its neighbours show: no mark, no private or unassigned character
  /// either.
  var isPrintable: Bool {
    switch value.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .spacingMark, .surrogate, .privateUse, .unassigned: false
    default: !isInvisible
    }
  }
}

/// Most names are plain, and eight of their bytes are looked at with one instruction.
extension Comm {
  /// How long the name is if all of it is printable ASCII; nil otherwise.
  @inline(__always)
  fileprivate var plainLength: Int? {
    let (low, high) = (words.0.littleEndian, words.1.littleEndian)
    let length = low.leadingBytes < 8 ? low.leadingBytes : 8 + high.leadingBytes
    guard length < 16, low.isPlain(length: min(length, 8)), high.isPlain(length: max(length - 8, 0)) else {
      return nil
    }
    return length
  }

  /// Whether a quotation mark or a backslash is in the name.
  fileprivate var hasJSONSpecial: Bool {
    words.0.contains(UInt8(ascii: "\"")) || words.1.contains(UInt8(ascii: "\""))
      || words.0.contains(UInt8(ascii: "\\")) || words.1.contains(UInt8(ascii: "\\"))
  }
}

extension UInt64 {
  fileprivate static let ones: UInt64 = 0x0101_0101_0101_0101
  fileprivate static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// The high bit of every zero byte, exact up to the first one.
  private var zeroBytes: UInt64 { (self &- Self.ones) & ~self & Self.highBits }

  /// How many bytes come before the first zero byte, 8 if there is none.
  fileprivate var leadingBytes: Int { zeroBytes.trailingZeroBitCount / 8 }

  /// Whether one of the bytes is this one.
  fileprivate func contains(_ byte: UInt8) -> Bool { (self ^ Self.ones &* UInt64(byte)).zeroBytes != 0 }

  /// Whether the first `length` bytes are all from 0x20 to 0x7e.
  @inline(__always)
  fileprivate func isPlain(length: Int) -> Bool {
    let mask: UInt64 = length == 8 ? .max : (1 << UInt64(8 * length)) &- 1
    let bytes = (self & mask) | ((Self.ones &* 0x20) & ~mask)
    let aboveASCII = bytes & Self.highBits
    let deleteOrAbove = (bytes &+ Self.ones) & Self.highBits
    // A byte below 0x20 borrows the high bit that it was lent.
    let control = ~((bytes | Self.highBits) &- (Self.ones &* 0x20)) & Self.highBits
    return aboveASCII | deleteOrAbove | control == 0
  }
}
