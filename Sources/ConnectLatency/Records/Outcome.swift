/// How a connect attempt ended.
public enum Outcome: UInt8, Sendable, CaseIterable {
  /// A SYN-ACK arrived.
  case established
  /// A RST arrived.
  case refused
  /// The kernel gave up sending the SYN again.
  case timeout
  /// An ICMP error arrived, or no neighbour answered.
  case unreachable
  /// The connect call failed before any SYN left.
  case failed
  /// The application closed or disconnected the sock, or died; or an administrator killed it (ECONNABORTED).
  case aborted
}

extension Outcome {
  /// The name in JSON, on the command line and in messages.
  public var name: StaticString {
    switch self {
    case .established: "established"
    case .refused: "refused"
    case .timeout: "timeout"
    case .unreachable: "unreachable"
    case .failed: "failed"
    case .aborted: "aborted"
    }
  }

  /// The outcome of that name; nil when there is none.
  public init?(name: some StringProtocol) {
    guard let found = Self.allCases.first(where: { $0.name.description == name }) else { return nil }
    self = found
  }
}
