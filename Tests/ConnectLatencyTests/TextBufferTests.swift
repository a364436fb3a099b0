import Testing

@testable import ConnectLatency

@Suite("The buffer that rows are put together in")
struct TextBufferTests {
  @Test(
    "Numbers are written in full",
    arguments: [
      0, 1, 9, 10, 11, 99, 100, 999, 1000, 65_535, 4_294_967_295, 9_999_999_999_999_999_999,
      10_000_000_000_000_000_000, UInt64.max,
    ])
  func decimal(number: UInt64) {
    #expect(text { $0.append(decimal: number) } == "\(number)")
  }

  @Test("Numbers at random are written as Swift writes them", arguments: 0..<5 as Range<UInt64>)
  func randomDecimals(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let numbers = (0..<500).map { _ in random.next() >> UInt64.random(in: 0..<64, using: &random) }
    #expect(
      bytes { for number in numbers { $0.append(decimal: number) } } == numbers.flatMap { "\($0)".utf8 })
  }

  @Test(
    "A fixed number of digits has leading zeros, and only the last digits",
    arguments: [
      (5, 1, "5"), (5, 3, "005"), (0, 6, "000000"), (123_456, 6, "123456"), (1_234_567, 6, "234567"),
    ])
  func digits(number: UInt64, digits: Int, expected: String) {
    #expect(text { $0.append(decimal: number, digits: digits) } == expected)
  }

  @Test(
    "A column is padded to its width and never cut",
    arguments: [("", 3, "   "), ("a", 3, "a  "), ("abc", 3, "abc"), ("abcd", 3, "abcd")])
  func padding(content: String, width: Int, expected: String) {
    let padded = text { buffer in
      buffer.append("x")
      let position = buffer.count
      buffer.append(Array(content.utf8))
      buffer.pad(to: width, since: position)
    }
    #expect(padded == "x" + expected)
  }

  @Test("Bytes that show as nothing do not count for the width")
  func hiddenBytes() {
    let padded = text { buffer in
      buffer.append(Array("é".utf8))
      buffer.pad(to: 3, since: 0, hidden: 1)
    }
    #expect(padded == "é  ")
  }

  @Test("It grows from nothing to any size, and is used again after it was emptied")
  func growth() {
    var buffer = TextBuffer(capacity: 1)
    var expected: [UInt8] = []
    for index in 0..<2000 {
      let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 37)
      buffer.append(piece)
      expected += piece
    }
    #expect(buffer.bytes == expected)
    buffer.removeAll()
    #expect(buffer.count == 0)
    buffer.append("again")
    [0x41, 0x42].withUnsafeBytes {
      buffer.overwriteRaw(at: 1, with: UnsafeRawBufferPointer(rebasing: $0[..<1]))
    }
    #expect(buffer.bytes == Array("aAain".utf8))
  }
}
