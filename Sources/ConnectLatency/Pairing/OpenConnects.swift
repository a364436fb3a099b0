/// The connects that have begun and not ended: a hash table by sock pointer that also knows their age.
///
/// Nothing is allocated per connect: slots and buckets double until `maximum` is reached, and from then on the
/// oldest connect makes room. Buckets hold slot numbers, probed linearly; slots are linked from oldest to newest.
struct OpenConnects: ~Copyable {
  /// A connect that has begun.
  struct Slot: BitwiseCopyable {
    var start: StartRecord
    /// When an acceptable RST arrived, 0 for none.
    var resetTime: UInt64
    fileprivate var older: Int32
    fileprivate var newer: Int32
  }

  private static let none: Int32 = -1

  private(set) var count = 0
  let maximum: Int

  private var capacity: Int
  private var slots: UnsafeMutablePointer<Slot>
  private var freeSlot: Int32
  private var buckets: UnsafeMutablePointer<Int32>
  private var bucketMask: Int
  private var oldest = Self.none
  private var newest = Self.none

  /// - Parameter maximum: how many connects may be open at once, rounded up to a power of two.
  init(maximum: Int) {
    self.maximum = max(maximum, 1).roundedUpToPowerOfTwo
    capacity = min(self.maximum, 256)
    slots = .allocate(capacity: capacity)
    buckets = .allocate(capacity: capacity * 2)
    buckets.initialize(repeating: Self.none, count: capacity * 2)
    bucketMask = capacity * 2 - 1
    freeSlot = 0
    Self.linkFree(slots, from: 0, to: capacity)
  }

  deinit {
    slots.deallocate()
    buckets.deallocate()
  }

  /// The slot of `sock`; nil when it is not open. Valid until the next insertion or removal.
  func find(_ sock: UInt64) -> UnsafeMutablePointer<Slot>? {
    var bucket = home(of: sock)
    while true {
      let slot = buckets[bucket]
      if slot == Self.none { return nil }
      if slots[Int(slot)].start.sock == sock { return slots + Int(slot) }
      bucket = (bucket + 1) & bucketMask
    }
  }

  /// Adds a connect whose sock is not open.
  /// - Returns: whether the oldest one had to go for it.
  mutating func insert(_ start: StartRecord) -> Bool {
    var evicted = false
    if freeSlot == Self.none {
      if capacity < maximum {
        grow()
      } else {
        remove(slots[Int(oldest)].start.sock)
        evicted = true
      }
    }
    let slot = freeSlot
    freeSlot = slots[Int(slot)].newer
    slots[Int(slot)] = Slot(start: start, resetTime: 0, older: newest, newer: Self.none)
    if newest == Self.none { oldest = slot } else { slots[Int(newest)].newer = slot }
    newest = slot
    place(slot, sock: start.sock)
    count += 1
    return evicted
  }

  /// Forgets `sock`, which must be open.
  mutating func remove(_ sock: UInt64) {
    var hole = home(of: sock)
    while slots[Int(buckets[hole])].start.sock != sock { hole = (hole + 1) & bucketMask }
    unlink(buckets[hole])
    // Backward shift: whoever was pushed past the hole moves into it, so that a search never meets a gap.
    var next = (hole + 1) & bucketMask
    while buckets[next] != Self.none {
      let ideal = home(of: slots[Int(buckets[next])].start.sock)
      if (next &- ideal) & bucketMask >= (next &- hole) & bucketMask {
        buckets[hole] = buckets[next]
        hole = next
      }
      next = (next + 1) & bucketMask
    }
    buckets[hole] = Self.none
    count -= 1
  }
}

extension OpenConnects {
  private func home(of sock: UInt64) -> Int {
    // A struct sock is aligned to a cache line; Fibonacci hashing spreads what is left.
    Int(truncatingIfNeeded: ((sock >> 6) &* 0x9E37_79B9_7F4A_7C15) >> 32) & bucketMask
  }

  private func place(_ slot: Int32, sock: UInt64) {
    var bucket = home(of: sock)
    while buckets[bucket] != Self.none { bucket = (bucket + 1) & bucketMask }
    buckets[bucket] = slot
  }

  private mutating func unlink(_ slot: Int32) {
    let (older, newer) = (slots[Int(slot)].older, slots[Int(slot)].newer)
    if older == Self.none { oldest = newer } else { slots[Int(older)].newer = newer }
    if newer == Self.none { newest = older } else { slots[Int(newer)].older = older }
    slots[Int(slot)].newer = freeSlot
    freeSlot = slot
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Slot>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: slots, count: capacity)
    slots.deallocate()
    slots = larger
    Self.linkFree(slots, from: capacity, to: capacity * 2)
    freeSlot = Int32(capacity)
    capacity *= 2
    buckets.deallocate()
    buckets = .allocate(capacity: capacity * 2)
    buckets.initialize(repeating: Self.none, count: capacity * 2)
    bucketMask = capacity * 2 - 1
    var slot = oldest
    while slot != Self.none {
      place(slot, sock: slots[Int(slot)].start.sock)
      slot = slots[Int(slot)].newer
    }
  }

  /// Makes the slots of a range into the list of free ones.
  private static func linkFree(_ slots: UnsafeMutablePointer<Slot>, from first: Int, to end: Int) {
    let empty = StartRecord(raw: .init())
    for slot in first..<end {
      let next = slot + 1 < end ? Int32(slot + 1) : none
      (slots + slot).initialize(to: Slot(start: empty, resetTime: 0, older: none, newer: next))
    }
  }
}

extension Int {
  fileprivate var roundedUpToPowerOfTwo: Int {
    self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }
}
