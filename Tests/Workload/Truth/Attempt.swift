/// How a connect attempt ends, as the tool should say it.
enum Outcome: String, Codable, Sendable {
  case established, refused, timeout, unreachable, failed, aborted
}

/// One connect attempt as it was: a line of the truth file.
///
/// What the program cannot know (the source port of a blocking connect that was refused, say) is absent,
/// and is not checked.
struct Attempt: Codable, Sendable {
  var name: String
  /// Numbers the attempts of a whole run; given when the truth is written.
  var serial = 0
  var pid: Int32
  var tid: Int32
  var uid: UInt32
  var comm: String
  /// The raw bytes of `comm`, where they are not plain text.
  var commBytes: String?
  /// 4 or 6, as it should be reported: a connect to a v4-mapped address is 4.
  var ip: Int
  var saddr: String?
  var sport: UInt16?
  var daddr: String
  var dport: UInt16
  var outcome: Outcome
  /// Another outcome that is as right.
  var outcomeAlso: Outcome?
  /// What the kernel told the program, from connect() or SO_ERROR.
  var errno: String?
  /// The row may leave `errno` out.
  var errnoOptional: Bool?
  /// SYNs sent again: the exact number, or bounds.
  var retransmits: Int?
  var retransmitsMin: Int?
  var retransmitsMax: Int?
  /// Inode of the network namespace.
  var netns: UInt64
  /// CLOCK_MONOTONIC just before the call, and just after the program knew the end.
  var before: Int64
  var after: Int64
  var latencyMin: Int64
  var latencyMax: Int64
  /// Rows this call must give: one if absent; 0 for a call that is no attempt (EISCONN, EALREADY, UDP).
  var rows: Int?

  enum CodingKeys: String, CodingKey {
    case name = "case"
    case serial = "attempt"
    case pid, tid, uid, comm
    case commBytes = "comm_b64"
    case ip, saddr, sport, daddr, dport, outcome
    case outcomeAlso = "outcome_also"
    case errno
    case errnoOptional = "errno_optional"
    case retransmits
    case retransmitsMin = "retransmits_min"
    case retransmitsMax = "retransmits_max"
    case netns
    case before = "before_ns"
    case after = "after_ns"
    case latencyMin = "latency_min_ns"
    case latencyMax = "latency_max_ns"
    case rows
  }
}
