import ArgumentParser
import ConnectLatency
import Glibc

/// What the values of options mean. Each function throws what was expected instead.
enum Parse {
  static func milliseconds(_ text: String) throws -> UInt64 {
    guard let value = Double(text), value >= 0, value < 1e12 else {
      throw ValidationError(
        "expected a number of milliseconds, as 10 or 0.5, or a subcommand: replay, doctor")
    }
    return UInt64(value * 1_000_000)
  }

  static func pids(_ text: String) throws -> [UInt32] {
    try list(text, expected: "a process id, as 1201, or several with commas") {
      UInt32($0).flatMap { $0 > 0 ? $0 : nil }
    }
  }

  static func comms(_ text: String) throws -> [CommPattern] {
    try list(text, expected: "the name of a process, as nginx, or several with commas") {
      $0.isEmpty ? nil : CommPattern(String($0))
    }
  }

  static func uids(_ text: String) throws -> [UInt32] {
    try list(text, expected: "a user of this machine, by name or number, or several with commas") { part in
      UInt32(part) ?? getpwnam(String(part)).map { $0.pointee.pw_uid }
    }
  }

  static func user(_ text: String) throws -> UnprivilegedUser {
    guard let user = UnprivilegedUser(text) else {
      throw ValidationError("expected a user of this machine, by name or number")
    }
    return user
  }

  static func ports(_ text: String) throws -> [ClosedRange<UInt16>] {
    try list(text, expected: "ports from 1 to 65535 and ranges of them, as 443,8000-8999") { part in
      let bounds = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map {
        UInt16($0)
      }
      guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, first > 0, first <= last else {
        return nil
      }
      return first...last
    }
  }

  static func addressBlocks(_ text: String) throws -> [AddressBlock] {
    try list(text, expected: "an address or a block of them, as 10.0.0.0/8 or 2001:db8::/32") {
      AddressBlock(String($0))
    }
  }

  static var outcomeNames: String { Outcome.allCases.map(\.name.description).joined(separator: ", ") }

  static func outcomes(_ text: String) throws -> [Outcome] {
    try list(text, expected: "one or more of \(outcomeNames)") { Outcome(name: $0) }
  }

  /// A network namespace's inode. The kernel numbers them from 0xf0000000 up, above any process id.
  static func netns(_ text: String) throws -> UInt32 {
    if let number = UInt32(text) {
      if number >= 0xf000_0000 { return number }
      guard let inode = inode(of: "/proc/\(number)/ns/net") else {
        throw ValidationError("expected the id of a running process whose network namespace may be read")
      }
      return inode
    }
    guard let inode = inode(of: text) else {
      throw ValidationError("expected an inode, a process id, or a file as /run/netns/NAME that can be read")
    }
    return inode
  }

  static func count(_ text: String) throws -> Int {
    guard let count = Int(text), count > 0 else {
      throw ValidationError("expected a number of rows, 1 or more")
    }
    return count
  }

  static func duration(_ text: String) throws -> UInt64 {
    guard let nanoseconds = nanoseconds(text, bareUnit: "s"), nanoseconds > 0 else {
      throw ValidationError("expected a time, as 10s, 500ms, 5m or 1h")
    }
    return nanoseconds
  }

  static func flush(_ text: String) throws -> Int32 {
    guard let nanoseconds = nanoseconds(text, bareUnit: "ms"), nanoseconds <= 60_000_000_000 else {
      throw ValidationError("expected a time up to 60s, as 20ms, or 0")
    }
    return Int32(nanoseconds / 1_000_000)
  }

  /// A size, rounded up to what a ring buffer can be.
  static func bufferSize(_ text: String) throws -> Int {
    let units: [(String, Int)] = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)]
    let (suffix, unit) = units.first { text.uppercased().hasSuffix($0.0) } ?? ("", 1)
    guard let number = Int(text.dropLast(suffix.count)), (1...1 << 30).contains(number),
      case let size = number * unit, (4096...1 << 30).contains(size)
    else {
      throw ValidationError("expected a size from 4K to 1G, as 512K or 8M")
    }
    var rounded = max(Int(sysconf(Int32(_SC_PAGESIZE))), 4096)
    while rounded < size { rounded *= 2 }
    return rounded
  }

  /// The table of open connects is of a size that is a power of two.
  static func maximumOpen(_ text: String) throws -> Int {
    guard let number = Int(text), (16...1 << 24).contains(number) else {
      throw ValidationError("expected a number of connects, 16 to 16777216")
    }
    return number
  }

  static func directory(_ text: String) throws -> String {
    var status = stat()
    guard stat(text, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw ValidationError("expected a directory that is there, as /host")
    }
    return text
  }

  /// Nil for `auto`.
  static func probe(_ text: String) throws -> Probe? {
    if text == "auto" { return nil }
    guard let probe = Probe(rawValue: text) else {
      throw ValidationError(
        "expected auto or one of \(Probe.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return probe
  }
}

extension Parse {
  private static func list<Element>(
    _ text: String, expected: String, _ parse: (Substring) -> Element?
  ) throws -> [Element] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let element = parse(part) else {
        throw ValidationError(part == text ? "expected \(expected)" : "'\(part)': expected \(expected)")
      }
      return element
    }
  }

  private static func inode(of path: String) -> UInt32? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return UInt32(exactly: status.st_ino)
  }

  private static func nanoseconds(_ text: String, bareUnit: String) -> UInt64? {
    let units: [(String, Double)] = [("ms", 1e6), ("us", 1e3), ("s", 1e9), ("m", 60e9), ("h", 3600e9)]
    let digits = text.prefix { $0.isNumber || $0 == "." }
    let suffix = digits.count == text.count ? bareUnit : String(text.dropFirst(digits.count))
    guard let number = Double(digits), let unit = units.first(where: { $0.0 == suffix })?.1,
      case let value = number * unit, value < 1e18
    else { return nil }
    return UInt64(value)
  }
}
