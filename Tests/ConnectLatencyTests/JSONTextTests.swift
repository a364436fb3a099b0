import Foundation
import Testing

@testable import ConnectLatency

@Suite("A name inside a JSON string")
struct JSONTextTests {
  @Test(
    "What JSON does not allow is escaped",
    arguments: [
      ("wget", "wget"), ("a\"b", #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\u000ab"#),
      ("\u{1B}[m", #"\u001b[m"#),
      ("\u{7F}", #"\u007f"#), ("\u{1F}\u{0}", #"\u001f\u0000"#), ("é€😀", "é€😀"), ("a/b", "a/b"),
      ("a\u{202E}b", #"a\u202eb"#), ("\u{9B}2J", #"\u009b2J"#), ("\u{2028}\u{200B}", #"\u2028\u200b"#),
      ("\u{E0041}", #"\udb40\udc41"#), ("e\u{301}", "e\u{301}"),
    ])
  func escaped(given: String, expected: String) {
    #expect(text { $0.appendJSONEscaped(Array(given.utf8)) } == expected)
  }

  @Test(
    "Invalid UTF-8 becomes U+FFFD",
    arguments: [
      ([0x61, 0xff, 0x62], "a\u{FFFD}b"), ([0xc0, 0xaf], "\u{FFFD}\u{FFFD}"),
      ([0xe2, 0x82], "\u{FFFD}\u{FFFD}"),
      ([0xed, 0xa0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xe2, 0x22], "\u{FFFD}\\\""),
    ] as [([UInt8], String)])
  func invalid(given: [UInt8], expected: String) {
    #expect(text { $0.appendJSONEscaped(given) } == expected)
  }

  @Test("Whatever the bytes, a JSON parser reads them back", arguments: 0..<30 as Range<UInt64>)
  func readBack(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let name = random.name(Int.random(in: 0..<40, using: &random))
      let json = bytes { buffer in
        buffer.append("[\"")
        buffer.appendJSONEscaped(name)
        buffer.append("\"]")
      }
      let parsed = try JSONSerialization.jsonObject(with: Data(json)) as? [String]
      // How many U+FFFD stand for a run of invalid bytes is left open by Unicode.
      let shown = try #require(String(validating: json, as: UTF8.self))
      let categories = shown.unicodeScalars.map(\.properties.generalCategory)
      #expect(!categories.contains(.control) && !categories.contains(.format))
      #expect(
        parsed?.first.map(Self.scalars) == Self.scalars(String(decoding: name, as: UTF8.self)), "\(name)")
    }
  }

  private static func scalars(_ text: String) -> [UInt32] {
    text.unicodeScalars.reduce(into: []) { scalars, scalar in
      if scalar.value != 0xfffd || scalars.last != 0xfffd { scalars.append(scalar.value) }
    }
  }

  @Test("A task's name ends at its NUL")
  func comm() {
    #expect(text { $0.appendJSONEscaped(Comm("a\"b".utf8)) } == #"a\"b"#)
    #expect(text { $0.appendJSONEscaped(Comm("1234567890123456".utf8)) } == "123456789012345")
  }
}
