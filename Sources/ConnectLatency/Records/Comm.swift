/// A task's name as the kernel keeps it (`task_struct.comm`): up to fifteen bytes of any value but NUL.
public struct Comm: Equatable, Sendable, BitwiseCopyable {
  let words: (UInt64, UInt64)

  init(words: (UInt64, UInt64)) {
    self.words = words
  }

  /// The first fifteen bytes of `name`, which is all that the kernel would keep of it.
  public init(_ name: some Collection<UInt8>) {
    var words: (UInt64, UInt64) = (0, 0)
    for (index, byte) in name.prefix(15).enumerated() {
      let shifted = (UInt64(byte) << UInt64(8 * (index & 7))).littleEndian
      if index < 8 { words.0 |= shifted } else { words.1 |= shifted }
    }
    self.words = words
  }

  /// Whether the name is not known.
  public var isEmpty: Bool { self[0] == 0 }

  /// The byte at `index`, 0 to 15.
  public subscript(index: Int) -> UInt8 {
    let word = index < 8 ? words.0 : words.1
    return UInt8(truncatingIfNeeded: word.littleEndian >> UInt64(8 * (index & 7)))
  }

  /// The bytes up to the first NUL.
  public var bytes: [UInt8] { (0..<16).lazy.map { self[$0] }.prefix { $0 != 0 } }

  public static func == (left: Self, right: Self) -> Bool { left.words == right.words }
}

extension Comm: CustomStringConvertible {
  /// The name as text, with invalid UTF-8 replaced.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}
