/// Cases that share a process and a site. Few of them: on a slow machine it is the starting that takes time.
enum Group: String, CaseIterable, Sendable {
  /// Cases of a moment, one after the other. Nothing else runs beside them in their process, so that a close
  /// is a close: a program that is just being started holds copies of all socks.
  case prompt
  /// Cases that wait, all at the same time.
  case patient
  /// The same, where the peer is a router.
  case routed
  /// Many connects at once, when all else is over.
  case burst

  var cases: [Case] {
    switch self {
    case .prompt:
      establishedCases + refusedCases + failedCases + permittedCases + abortedCases + reuseCases
        + processCases + modernCases + nothingCases
    case .patient: delayedCases + timeoutCases
    case .routed: unreachableCases
    case .burst: burstCases
    }
  }

  /// Its ports. Groups keep apart, because the inode of a namespace is given out again.
  var ports: Range<Int> {
    let first = 10_000 + 5000 * (Self.allCases.firstIndex(of: self) ?? 0)
    return first..<first + 5000
  }

  func makeSite() throws -> Site { try Site(router: self == .routed) }
}
