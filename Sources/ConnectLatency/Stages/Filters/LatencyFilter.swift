extension Filter {
  /// Passes what took at least `minimum` nanoseconds.
  public static func latency(atLeast minimum: UInt64) -> Filter {
    Filter { $0.latency >= minimum }
  }
}
