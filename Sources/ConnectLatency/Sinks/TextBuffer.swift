/// Bytes that are put together by hand and written at once. It grows when it must and never shrinks.
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
    if count + length > capacity { grow(to: count + length) }
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
    count += 1
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    reserve(text.utf8CodeUnitCount)
    (start + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
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
    count += bytes.count
  }

  /// Replaces bytes that have been appended before.
  mutating func overwriteRaw(at position: Int, with bytes: UnsafeRawBufferPointer) {
    precondition(position + bytes.count <= count)
    UnsafeMutableRawPointer(start + position).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
  }

  /// Appends a decimal number.
  mutating func append(decimal number: UInt64) {
    reserve(20)
    if number < 10 {
      start[count] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number)
      count += 1
      return
    }
    var digits = 1
    var rest = number
    while rest >= 10 {
      rest /= 10
      digits += 1
    }
    append(decimal: number, digits: digits)
  }

  /// Appends the last `digits` digits of a number, with leading zeros.
  @inline(__always)
  mutating func append(decimal number: UInt64, digits: Int) {
    reserve(digits)
    var rest = number
    var index = digits - 1
    while index >= 0 {
      let quotient = rest / 10
      start[count + index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- quotient &* 10)
      rest = quotient
      index -= 1
    }
    count += digits
  }

  /// Appends spaces until `width` bytes have been appended since `position`, which counted all but `hidden` of them.
  @inline(__always)
  mutating func pad(to width: Int, since position: Int, hidden: Int = 0) {
    var missing = position + width + hidden - count
    guard missing > 0 else { return }
    reserve(missing)
    while missing > 0 {
      start[count] = UInt8(ascii: " ")
      count += 1
      missing -= 1
    }
  }
}
