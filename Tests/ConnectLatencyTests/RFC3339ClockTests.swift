import Foundation
import Testing

@testable import ConnectLatency

@Suite("Times of day in RFC 3339")
struct RFC3339ClockTests {
  static let known: [(UInt64, String)] = [
    (0, "1970-01-01T00:00:00.000000000Z"), (951_782_399, "2000-02-28T23:59:59.000000000Z"),
    (951_782_400, "2000-02-29T00:00:00.000000000Z"), (951_868_800, "2000-03-01T00:00:00.000000000Z"),
    (1_709_164_800, "2024-02-29T00:00:00.000000000Z"), (1_735_689_599, "2024-12-31T23:59:59.000000000Z"),
    (1_735_689_600, "2025-01-01T00:00:00.000000000Z"), (4_107_542_399, "2100-02-28T23:59:59.000000000Z"),
    (4_107_542_400, "2100-03-01T00:00:00.000000000Z"), (13_574_563_200, "2400-02-29T00:00:00.000000000Z"),
  ]

  @Test("Ends of years and leap days", arguments: known)
  func knownTime(seconds: UInt64, expected: String) {
    var clock = RFC3339Clock()
    #expect(text { clock.append(nanoseconds: seconds * 1_000_000_000, to: &$0) } == expected)
  }

  @Test(
    "Nanoseconds have nine digits, and the second is kept only as long as it lasts",
    arguments: [
      (0, "05.000000000"), (1, "05.000000001"), (999_999_999, "05.999999999"),
      (1_000_000_000, "06.000000000"),
    ])
  func fraction(nanoseconds: UInt64, expected: String) {
    var clock = RFC3339Clock()
    _ = text { clock.append(nanoseconds: 5_000_000_000, to: &$0) }
    let written = text { clock.append(nanoseconds: 5_000_000_000 + nanoseconds, to: &$0) }
    #expect(written == "1970-01-01T00:00:" + expected + "Z")
  }

  @Test("Times at random are as Foundation writes them", arguments: 0..<10 as Range<UInt64>)
  func asFoundation(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var clock = RFC3339Clock()
    let format = Date.ISO8601FormatStyle(timeZone: .gmt)
    for _ in 0..<300 {
      let seconds = UInt64.random(in: 0...18_446_744_073, using: &random)
      let fraction = UInt64.random(in: 0..<500_000_000, using: &random)
      let written = text { clock.append(nanoseconds: seconds * 1_000_000_000 + fraction, to: &$0) }
      let expected = Date(timeIntervalSince1970: Double(seconds)).formatted(format).dropLast()
      #expect(written == "\(expected).\(String(repeating: "0", count: 9 - "\(fraction)".count))\(fraction)Z")
    }
  }
}
