import Foundation
import Glibc

/// `delays`: reads the tool's JSON as it comes, and prints how long after the end of its connect each row was there.
struct Delays {
  /// In nanoseconds.
  private var delays: [Int] = []
  /// The beginning of a line whose end has not come.
  private var rest: [UInt8] = []
  /// The second that was read last: rows come many to one.
  private var second: (text: ArraySlice<UInt8>, nanoseconds: Int) = ([], 0)

  private static let before = #"{"time":""#.utf8.count

  /// Reads standard input to its end.
  mutating func run() throws {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while case let count = try check(Int32(read(STDIN_FILENO, &buffer, buffer.count)), "read"), count > 0 {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      rest += buffer[..<Int(count)]
      try take(until: now.tv_sec * 1_000_000_000 + now.tv_nsec)
    }
    delays.sort()
    guard let slowest = delays.last else { throw WorkloadError.surprise("no rows") }
    let most = delays[delays.count * 999 / 1000]
    print("rows \(delays.count) permille_999_us \(most / 1000) slowest_us \(slowest / 1000)")
  }

  private mutating func take(until now: Int) throws {
    var begin = 0
    while let end = rest[begin...].firstIndex(of: UInt8(ascii: "\n")) {
      delays.append(now - (try time(of: rest[begin..<end])))
      begin = end + 1
    }
    rest.removeFirst(begin)
  }

  /// Every row begins with `{"time":"2026-01-02T03:04:05.123456789Z"`.
  private mutating func time(of line: ArraySlice<UInt8>) throws -> Int {
    let text = line.dropFirst(Self.before)
    if text.prefix(19) != second.text {
      let date = try Date(String(decoding: text.prefix(19), as: UTF8.self) + "Z", strategy: .iso8601)
      second = (ArraySlice(Array(text.prefix(19))), Int(date.timeIntervalSince1970) * 1_000_000_000)
    }
    let fraction = text.dropFirst(20).prefix(9).reduce(0) { $0 * 10 + Int($1) - Int(UInt8(ascii: "0")) }
    return second.nanoseconds + fraction
  }
}
