import Testing

@testable import ConnectLatency

@Suite("A task's name")
struct CommTests {
  @Test(
    "It is what the kernel keeps: fifteen bytes",
    arguments: [
      ("", ""), ("w", "w"), ("wget", "wget"), ("12345678", "12345678"), ("123456789", "123456789"),
      ("123456789012345", "123456789012345"), ("1234567890123456", "123456789012345"),
      ("kworker/u16:0-events_unbound", "kworker/u16:0-e"),
    ])
  func fifteenBytes(given: String, kept: String) {
    let comm = Comm(given.utf8)
    #expect(comm.description == kept)
    #expect(comm.bytes == Array(kept.utf8))
    #expect(comm.isEmpty == kept.isEmpty)
  }

  @Test("Its bytes end at the first NUL")
  func endsAtNUL() {
    let comm = Comm([0x61, 0, 0x62])
    #expect(comm.bytes == [0x61])
    #expect(comm != Comm([0x61]), "what is behind the NUL is kept, and compared")
    #expect(Comm([0, 0x61]).isEmpty)
  }

  @Test("Any byte but NUL is kept, in its place", arguments: 0..<10 as Range<UInt64>)
  func anyBytes(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let name = random.bytes(Int.random(in: 0...15, using: &random)).map { max($0, 1) }
    let comm = Comm(name)
    #expect(comm.bytes == name)
    #expect((0..<16).map { comm[$0] } == name + [UInt8](repeating: 0, count: 16 - name.count))
    #expect(comm == Comm(name))
  }

  @Test("Invalid UTF-8 is replaced in its description, and a character cut in two as well")
  func invalidText() {
    #expect(Comm([0x61, 0xff, 0x62]).description == "a\u{FFFD}b")
    #expect(Comm("12345678901234é".utf8).description == "12345678901234\u{FFFD}")
  }
}
