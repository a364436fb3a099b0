import Testing

@testable import ConnectLatency

@Suite("A name on its way to a terminal")
struct PrintableTextTests {
  struct Name: CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let shown: String

    init(_ description: String, _ text: String, _ shown: String) {
      self.init(description, Array(text.utf8), shown)
    }

    init(_ description: String, _ bytes: [UInt8], _ shown: String) {
      testDescription = description
      self.bytes = bytes
      self.shown = shown
    }
  }

  static let names = [
    Name("nothing", "", ""), Name("ASCII", "wget ~!\"\\", "wget ~!\"\\"),
    Name("letters", "naïve-Привет", "naïve-Привет"),
    Name("Chinese", "名前", "名前"), Name("beyond the BMP", "a😀b", "a😀b"), Name("newline", "a\nb", "a?b"),
    Name("carriage return, tab, bell", "a\rb\tc\u{7}", "a?b?c?"), Name("NUL", [0x61, 0, 0x62], "a?b"),
    Name("an escape sequence", "\u{1B}[2J", "?[2J"), Name("DEL", "a\u{7F}b", "a?b"),
    Name("C1's CSI", "a\u{9B}2Jb", "a?2Jb"), Name("right-to-left override", "a\u{202E}b", "a?b"),
    Name("right-to-left isolate", "a\u{2066}b\u{2069}", "a?b?"),
    Name("right-to-left mark", "a\u{200F}b", "a?b"),
    Name("zero width space", "a\u{200B}b", "a?b"), Name("zero width joiner", "a\u{200D}b", "a?b"),
    Name("byte order mark", "\u{FEFF}a", "?a"), Name("soft hyphen", "a\u{AD}b", "a?b"),
    Name("line separator", "a\u{2028}b", "a?b"), Name("paragraph separator", "a\u{2029}b", "a?b"),
    Name("combining mark", "a\u{301}b", "a?b"), Name("private use", "a\u{E000}b", "a?b"),
    Name("not a character", "a\u{FFFF}b", "a?b"), Name("tag", "a\u{E0041}b", "a?b"),
    Name("a byte that begins nothing", [0x61, 0x80, 0xff, 0x62], "a??b"),
    Name("overlong slash", [0x61, 0xc0, 0xaf, 0x62], "a??b"),
    Name("overlong escape, three bytes", [0xe0, 0x80, 0x9b, 0x62], "???b"),
    Name("overlong NUL, four bytes", [0xf0, 0x80, 0x80, 0x80], "????"),
    Name("surrogate", [0xed, 0xa0, 0x80, 0x62], "???b"),
    Name("beyond Unicode", [0xf4, 0x90, 0x80, 0x80], "????"),
    Name("cut off", [0x61, 0xe2, 0x82], "a??"), Name("broken off", [0xe2, 0x82, 0x62], "??b"),
  ]

  @Test("What is not a printable character becomes a question mark", arguments: names)
  func shown(name: Name) {
    #expect(text { $0.appendPrintable(name.bytes) } == name.shown)
  }

  @Test("A message with such a name in it stays one line")
  func message() {
    let message = "cannot open a\n\u{1B}[2Jb\u{202E}c: No such file"
    #expect(message.printable == "cannot open a??[2Jb?c: No such file")
    #expect("".printable.isEmpty)
  }

  @Test(
    "A name is cut by characters, never inside one",
    arguments: [
      ("123456789012", "123456789012"), ("1234567890123", "123456789012"), ("12345678901é", "12345678901é"),
      ("12345678901éx", "12345678901é"), ("ÄÖÜäöüß", "ÄÖÜäöüß"), ("12345678901\u{1B}x", "12345678901?"),
    ])
  func cut(name: String, shown: String) {
    var count = 0
    #expect(text { count = $0.appendPrintable(Array(name.utf8), columns: 12) } == shown)
    #expect(count == shown.count)
  }

  @Test("A task's name whose last character the kernel cut in two")
  func cutByKernel() {
    #expect(text { $0.appendPrintable(Comm("12345678€€€".utf8), columns: 12) } == "12345678€€?")
  }

  @Test(
    "No bytes whatever put a control character on the terminal, or make the text invalid",
    arguments: 0..<30 as Range<UInt64>)
  func anyBytes(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<100 {
      let name = random.name(Int.random(in: 0..<24, using: &random))
      let columns = Int.random(in: 0...16, using: &random)
      var count = 0
      let shown = bytes { count = $0.appendPrintable(name, columns: columns) }
      let text = String(validating: shown, as: UTF8.self)
      #expect(text != nil, "\(name)")
      let scalars = text.map { Array($0.unicodeScalars) } ?? []
      #expect(scalars.count == count && count <= columns)
      #expect(scalars.allSatisfy { $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) })
      #expect(scalars.allSatisfy { $0.properties.generalCategory != .format })
    }
  }
}

extension SplitMix64 {
  /// Bytes as a hostile name has them: at random, and pieces of UTF-8 whole and broken.
  mutating func name(_ count: Int) -> [UInt8] {
    let pieces = ["é", "€", "😀", "\u{202E}", "\u{9B}", "\"", "\\", "\u{1B}", "\n", "\u{7F}", "a"].map {
      Array($0.utf8)
    }
    var name: [UInt8] = []
    while name.count < count {
      if once(in: 3) {
        name += bytes(1)
      } else {
        let piece = pieces[Int.random(in: 0..<pieces.count, using: &self)]
        name += once(in: 4) ? Array(piece.dropLast()) : piece
      }
    }
    return Array(name.prefix(count))
  }
}
