extension Filter {
  /// Passes connects that ended in one of these ways.
  public static func outcome(_ outcomes: Set<Outcome>) -> Filter {
    let wanted = outcomes.reduce(UInt8(0)) { $0 | 1 << $1.rawValue }
    return Filter { wanted & 1 << $0.outcome.rawValue != 0 }
  }
}
