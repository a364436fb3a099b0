/// At most sixteen bytes that have been appended before, to be appended again with two stores.
struct ShortText {
  /// As in memory.
  fileprivate var words: (UInt64, UInt64) = (0, 0)
  fileprivate(set) var length = 0
}

extension TextBuffer {
  /// What has been appended since `position`; nil if that is too long.
  mutating func shortText(since position: Int) -> ShortText? {
    guard count - position <= 16 else { return nil }
    reserve(16)
    return ShortText(words: (loadWord(at: position), loadWord(at: position + 8)), length: count - position)
  }

  @inline(__always)
  mutating func append(_ text: ShortText) {
    append(text.words.0, length: 8)
    // Where it is shorter than eight bytes, this takes some back.
    append(text.words.1, length: text.length &- 8)
  }
}
