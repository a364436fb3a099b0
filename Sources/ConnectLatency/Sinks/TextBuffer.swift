/// Bytes that are put together by hand and written at once. It grows when it must and never shrinks.
///
/// Positions are counted without looking for overflow: they are below the size of memory, and each look is repeated for
/// every piece of every row.
struct TextBuffer: ~Copyable {
  private var start: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 64 << 10) {
    self.capacity = capacity
    start = .allocate(capacity: capacity)
  }

  deinit {
    start.deallocate()
  }

  /// What is in it.
  var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  /// A copy of what is in it.
  var bytes: [UInt8] { Array(contents) }

  mutating func removeAll() {
    count = 0
  }

  /// Makes room for `length` more bytes, so that what follows need not look.
  @inline(__always)
  mutating func reserve(_ length: Int) {
    if count &+ length > capacity { grow(to: count + length) }
  }

  @inline(never)
  private mutating func grow(to needed: Int) {
    let larger = max(capacity * 2, needed)
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    moved.update(from: start, count: count)
    start.deallocate()
    start = moved
    capacity = larger
  }
}

// MARK: - Appending

extension TextBuffer {
  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    start[count] = byte
    count &+= 1
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    reserve(text.utf8CodeUnitCount)
    UnsafeMutableRawPointer(start + count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    count &+= text.utf8CodeUnitCount
  }

  mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { appendRaw($0) }
  }

  /// Appends bytes from anywhere else.
  @inline(__always)
  mutating func appendRaw(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    reserve(bytes.count)
    UnsafeMutableRawPointer(start + count).copyMemory(from: base, byteCount: bytes.count)
    count &+= bytes.count
  }

  /// Replaces bytes that have been appended before.
  mutating func overwriteRaw(at position: Int, with bytes: UnsafeRawBufferPointer) {
    precondition(position + bytes.count <= count)
    UnsafeMutableRawPointer(start + position).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
  }

  /// Appends a decimal number.
  @inline(__always)
  mutating func append(decimal number: UInt64) {
    if number < 10 { return append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number)) }
    append(decimal: number, digits: Self.digits(of: number))
  }

  @inline(__always)
  private static func digits(of number: UInt64) -> Int {
    if number < 100 { return 2 }
    if number < 1000 { return 3 }
    if number < 10_000 { return 4 }
    if number < 100_000 { return 5 }
    return manyDigits(of: number)
  }

  private static func manyDigits(of number: UInt64) -> Int {
    var digits = 6
    var rest = number / 1_000_000
    while rest > 0 {
      rest /= 10
      digits += 1
    }
    return digits
  }

  /// Appends the last `digits` digits of a number, with leading zeros.
  @inline(__always)
  mutating func append(decimal number: UInt64, digits: Int) {
    reserve(digits)
    var rest = number
    var position = count &+ digits
    count = position
    var left = digits
    // Two digits a division, and two bytes a store.
    while left >= 2 {
      let quotient = rest / 100
      let pair = UInt16(truncatingIfNeeded: rest &- quotient &* 100)
      let tens = (pair &* 103) >> 10
      position &-= 2
      UnsafeMutableRawPointer(start + position).storeBytes(
        of: (tens | (pair &- tens &* 10) << 8 | 0x3030).littleEndian, as: UInt16.self)
      rest = quotient
      left &-= 2
    }
    if left > 0 { start[position &- 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10) }
  }

  /// Appends a number below 256 and a dot. The caller has reserved four bytes.
  @inline(__always)
  mutating func append(octet: UInt32) {
    let hundreds = (octet &* 41) >> 12
    let rest = octet &- hundreds &* 100
    let tens = (rest &* 103) >> 10
    let ones = rest &- tens &* 10
    let text = (hundreds | tens << 8 | ones << 16) | 0x2e30_3030
    let skipped = octet >= 100 ? 0 : octet >= 10 ? 1 : 2
    UnsafeMutableRawPointer(start + count).storeBytes(
      of: (text >> UInt32(8 * skipped)).littleEndian, as: UInt32.self)
    count &+= 4 &- skipped
  }

  /// Takes the last bytes away again.
  @inline(__always)
  mutating func removeLast(_ length: Int) {
    count &-= length
  }

  /// The eight bytes from `position` on, which need not all have been appended but reserved.
  func loadWord(at position: Int) -> UInt64 {
    precondition(position + 8 <= capacity)
    return UnsafeRawPointer(start + position).loadUnaligned(as: UInt64.self)
  }

  /// Appends the first `length` of eight bytes, which lie in `word` as in memory.
  @inline(__always)
  mutating func append(_ word: UInt64, length: Int) {
    reserve(8)
    UnsafeMutableRawPointer(start + count).storeBytes(of: word, as: UInt64.self)
    count &+= length
  }

  /// Appends spaces, at most 24, until `width` bytes and the `hidden` ones have been appended since `position`.
  @inline(__always)
  mutating func pad(to width: Int, since position: Int, hidden: Int = 0) {
    let end = position &+ width &+ hidden
    guard count < end else { return }
    // No column is wider than this, so three stores do without a loop.
    assert(end - count <= 24)
    reserve(24)
    let spaces = UnsafeMutableRawPointer(start + count)
    spaces.storeBytes(of: 0x2020_2020_2020_2020, as: UInt64.self)
    spaces.storeBytes(of: 0x2020_2020_2020_2020, toByteOffset: 8, as: UInt64.self)
    spaces.storeBytes(of: 0x2020_2020_2020_2020, toByteOffset: 16, as: UInt64.self)
    count = end
  }
}
