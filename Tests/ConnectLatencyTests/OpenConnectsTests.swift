import Testing

@testable import ConnectLatency

/// The table behind a reference, because expectations copy what they look at.
private final class Table {
  private var table: OpenConnects

  init(maximum: Int) { table = OpenConnects(maximum: maximum) }

  var maximum: Int { table.maximum }
  var count: Int { table.count }

  /// When the connect of `sock` began; nil when it is not open.
  func time(of sock: UInt64) -> UInt64? { table.find(sock)?.pointee.start.time }

  /// When its RST arrived.
  func resetTime(of sock: UInt64) -> UInt64? { table.find(sock)?.pointee.resetTime }

  func insert(_ sock: UInt64, at time: UInt64 = 1) -> Bool { table.insert(.sample(at: time, sock: sock)) }
  func remove(_ sock: UInt64) { table.remove(sock) }
  func setResetTime(of sock: UInt64, to time: UInt64) { table.find(sock)?.pointee.resetTime = time }
}

@Suite("The table of open connects")
struct OpenConnectsTests {
  @Test(
    "A bound is rounded up to a power of two",
    arguments: zip([-1, 0, 1, 2, 3, 16, 17, 255, 256, 257], [1, 1, 1, 2, 4, 16, 32, 256, 256, 512]))
  func bound(asked: Int, given: Int) {
    #expect(Table(maximum: asked).maximum == given)
  }

  @Test("The oldest goes first, and what was removed before is not counted among them")
  func evictsByAge() {
    let table = Table(maximum: 4)
    for number in 1...4 as ClosedRange<UInt64> { #expect(!table.insert(number * 64)) }
    table.remove(2 * 64)
    #expect(!table.insert(5 * 64))
    var gone: [UInt64] = []
    for number in 6...9 as ClosedRange<UInt64> {
      let before = Set((1...9 as ClosedRange<UInt64>).filter { table.time(of: $0 * 64) != nil })
      #expect(table.insert(number * 64))
      gone += before.filter { table.time(of: $0 * 64) == nil }
    }
    #expect(gone == [1, 3, 4, 5])
    #expect(table.count == 4)
  }

  @Test("A bound of one holds the newest")
  func boundOfOne() {
    let table = Table(maximum: 1)
    #expect(!table.insert(64))
    #expect(table.insert(128))
    #expect(table.time(of: 64) == nil)
    #expect(table.time(of: 128) != nil)
  }

  /// Socks of which many share a home: the table looks at some bits of a product only, so the low six count for
  /// nothing, and few different ones fill long runs of buckets.
  private static func socks(_ count: Int, _ random: inout SplitMix64) -> [UInt64] {
    var socks: Set<UInt64> = []
    while socks.count < count {
      let base = 0xffff_8880_0000_0000 + UInt64.random(in: 0..<UInt64(max(count / 8, 1)), using: &random) * 64
      socks.insert(random.once(in: 2) ? base + UInt64.random(in: 0..<64, using: &random) : random.next())
    }
    return socks.sorted()
  }

  @Test("It does what a dictionary does, at any size", arguments: 0..<40 as Range<UInt64>)
  func asADictionary(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let maximum = [1, 2, 8, 16, 64, 256, 1024, 2048].randomElement(using: &random) ?? 1
    let socks = Self.socks(maximum * 2, &random)
    let table = Table(maximum: maximum)
    var model: [UInt64: UInt64] = [:]
    var age: [UInt64] = []

    for step in 1...UInt64(maximum * 4 + 400) {
      let sock = socks[Int.random(in: 0..<socks.count, using: &random)]
      #expect(table.time(of: sock) == model[sock])
      if model[sock] != nil {
        table.remove(sock)
        model[sock] = nil
        age.removeAll { $0 == sock }
      } else {
        let evicts = model.count == maximum
        #expect(table.insert(sock, at: step) == evicts)
        if evicts { model[age.removeFirst()] = nil }
        model[sock] = step
        age.append(sock)
      }
      #expect(table.count == model.count)
    }
    for sock in socks { #expect(table.time(of: sock) == model[sock]) }
    for sock in age { table.remove(sock) }
    #expect(table.count == 0)
    #expect(socks.allSatisfy { table.time(of: $0) == nil })
  }

  @Test("A RST that is noted stays with its sock while the table grows")
  func growthKeepsSlots() {
    let table = Table(maximum: 4096)
    for number in 1...4096 as ClosedRange<UInt64> {
      _ = table.insert(number << 6)
      table.setResetTime(of: number << 6, to: number)
    }
    #expect((1...4096 as ClosedRange<UInt64>).allSatisfy { table.resetTime(of: $0 << 6) == $0 })
  }
}
