/// Capabilities of this process (`capabilities(7)`).
struct Capabilities: OptionSet {
  let rawValue: UInt64

  static let dacReadSearch = Capabilities(rawValue: 1 << 2)
  static let sysAdmin = Capabilities(rawValue: 1 << 21)
  static let perfmon = Capabilities(rawValue: 1 << 38)
  static let bpf = Capabilities(rawValue: 1 << 39)

  /// The capabilities in force, as `/proc/self/status` has them.
  static var effective: Capabilities {
    let status = ProcessFiles.text("/proc/self/status", limit: 16 << 10) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    return Capabilities(
      rawValue: line.flatMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) } ?? 0)
  }

  /// The name of a single capability.
  var name: String {
    switch self {
    case .dacReadSearch: "CAP_DAC_READ_SEARCH"
    case .sysAdmin: "CAP_SYS_ADMIN"
    case .perfmon: "CAP_PERFMON"
    case .bpf: "CAP_BPF"
    default: "capability \(rawValue.trailingZeroBitCount)"
    }
  }
}
