/// Writes times of day as RFC 3339 has them, in UTC with nanoseconds.
struct RFC3339Clock {
  /// The second that was written last, as the twenty bytes of `2026-01-02T03:04:05.`: rows come many to a second.
  private var prefix: (UInt64, UInt64, UInt64) = (0, 0, 0)
  private var second = UInt64.max

  mutating func append(nanoseconds: UInt64, to buffer: inout TextBuffer) {
    let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    if seconds != second { setSecond(seconds) }
    buffer.append(prefix.0, length: 8)
    buffer.append(prefix.1, length: 8)
    buffer.append(prefix.2, length: 4)
    buffer.append(decimal: fraction, digits: 9)
    buffer.append(UInt8(ascii: "Z"))
  }

  private mutating func setSecond(_ seconds: UInt64) {
    let (year, month, day) = Self.date(ofDay: Int(seconds / 86_400))
    let time = seconds % 86_400
    var text = TextBuffer(capacity: 32)
    text.append(decimal: UInt64(year), digits: 4)
    text.append(UInt8(ascii: "-"))
    text.append(decimal: UInt64(month), digits: 2)
    text.append(UInt8(ascii: "-"))
    text.append(decimal: UInt64(day), digits: 2)
    text.append(UInt8(ascii: "T"))
    text.append(decimal: time / 3600, digits: 2)
    text.append(UInt8(ascii: ":"))
    text.append(decimal: time / 60 % 60, digits: 2)
    text.append(UInt8(ascii: ":"))
    text.append(decimal: time % 60, digits: 2)
    text.append(UInt8(ascii: "."))
    prefix = (text.loadWord(at: 0), text.loadWord(at: 8), text.loadWord(at: 16))
    second = seconds
  }

  /// The date of a day since 1970-01-01, in the Gregorian calendar.
  ///
  /// Years begin in March here, so that the leap day is the last one; 146,097 days are 400 years.
  private static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}
