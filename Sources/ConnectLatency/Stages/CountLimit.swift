/// Ends tracing after a number of connections have come this far.
public final class CountLimit: Stage {
  private var remaining: Int

  /// - Parameter count: how many to pass, at least 1.
  public init(_ count: Int) {
    remaining = count
  }

  public func process(_ connection: inout Connection) -> Verdict {
    remaining -= 1
    return remaining > 0 ? .pass : .passAndStop
  }
}
