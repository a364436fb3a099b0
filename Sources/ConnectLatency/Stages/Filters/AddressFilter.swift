extension Filter {
  /// Passes connects from an address in one of these blocks.
  public static func source(in blocks: [AddressBlock]) -> Filter {
    Filter { connection in blocks.contains { $0.contains(connection.source) } }
  }

  /// Passes connects to an address in one of these blocks.
  public static func destination(in blocks: [AddressBlock]) -> Filter {
    Filter { connection in blocks.contains { $0.contains(connection.destination) } }
  }

  /// Passes connects over one IP version; a v4-mapped address counts as IPv4.
  public static func ip(isIPv4: Bool) -> Filter {
    Filter { $0.isIPv4 == isIPv4 }
  }

  /// Passes connects to a port in one of these ranges.
  public static func destinationPort(in ranges: [ClosedRange<UInt16>]) -> Filter {
    Filter { connection in ranges.contains { $0.contains(connection.destinationPort) } }
  }
}
