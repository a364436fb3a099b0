import CConnectRecord

/// What the hooks leave out before anything reaches user space. Empty lists leave nothing out.
///
/// The kernel's lists are short; a longer one is left to the stages, which filter by all of them anyway.
public struct KernelFilter: Sendable, Equatable {
  /// Processes, by the host's pid.
  public var pids: [UInt32] = []
  /// Real user ids.
  public var uids: [UInt32] = []
  /// Network namespaces, by inode.
  public var netns: [UInt32] = []
  /// Destination ports.
  public var ports: [ClosedRange<UInt16>] = []
  /// IPv4 alone (true), IPv6 alone (false), or both.
  public var isIPv4: Bool?

  public init() {}

  var settings: settings {
    var settings = CConnectRecord.settings()
    settings.pid_count = Self.fill(&settings.pids, with: pids)
    settings.uid_count = Self.fill(&settings.uids, with: uids)
    settings.netns_count = Self.fill(&settings.netns, with: netns)
    settings.port_count = Self.fill(
      &settings.ports, with: ports.map { port_range(first: $0.lowerBound, last: $0.upperBound) })
    settings.ip = isIPv4.map { $0 ? 4 : 6 } ?? 0
    return settings
  }

  /// Copies a list into an array of C, which Swift sees as a tuple.
  /// - Returns: how many there are, 0 if they do not fit.
  private static func fill<Tuple, Element: BitwiseCopyable>(_ tuple: inout Tuple, with list: [Element])
    -> UInt32
  {
    guard list.count <= Int(SETTINGS_LIST) else { return 0 }
    withUnsafeMutableBytes(of: &tuple) { bytes in
      for (index, element) in list.enumerated() {
        bytes.storeBytes(of: element, toByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
      }
    }
    return UInt32(list.count)
  }
}
