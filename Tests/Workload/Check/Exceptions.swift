/// What a probe cannot see, and why. An exception that turns out not to be needed fails the check, so that
/// this table stays honest.
struct Exception {
  let probe: String
  /// A case, or `*` for any.
  let name: String
  /// A field of the row, or `row` where there is none at all.
  let field: String
  let reason: String

  var complaint: String { "the exception for \(field) is not needed: \(reason)" }

  static let table: [Exception] =
    [
      Exception(
        probe: "tracepoint", name: "io-uring-no-route", field: "row",
        reason: "io_uring does not enter connect(2), and the sock fails before it is in SYN_SENT"),
      Exception(
        probe: tracefsWithoutKprobes, name: "*", field: "uid",
        reason: "the events do not carry it, and the thread was gone when /proc was read"),
      Exception(
        probe: tracefsWithoutKprobes, name: "*", field: "netns",
        reason: "the events do not carry it, and the thread was gone when /proc was read"),
    ]
    + failedBeforeSYN.map {
      Exception(
        probe: tracefsWithoutKprobes, name: $0, field: "row",
        reason: "the sock fails before it is in SYN_SENT, and no event names where it was to connect")
    }
    + ["tracefs", tracefsWithoutKprobes].flatMap { probe in
      denied.map {
        Exception(
          probe: probe, name: $0, field: "row",
          reason: "the connect is forbidden before the functions and events that are hooked")
      }
    }

  /// The probe `tracefs` on a kernel that has no kprobe events.
  static let tracefsWithoutKprobes = "tracefs-events"

  private static let denied = ["v4", "v6", "mapped"].flatMap { family in
    ["", "-nonblocking", "-any-address"].map { "denied-\(family)\($0)" }
  }

  private static let failedBeforeSYN =
    ["v4", "v6", "mapped"].flatMap { family in
      ["no-route-\(family)", "no-route-\(family)-bound"]
        + ["unreachable", "prohibit", "blackhole"].map { "\($0)-route-\(family)" }
    }.map { "failed-\($0)" } + [
      "failed-no-route-nonblocking", "failed-v6only-mapped", "failed-link-local-without-scope",
      "failed-multicast", "failed-multicast-v6", "failed-broadcast", "sock-failed-then-established",
      "io-uring-no-route",
    ]
}

/// The exceptions of one probe, and which were used.
struct Exceptions {
  private let table: [Exception]
  private var used: Set<Int> = []

  init(probe: String, table: [Exception] = Exception.table) {
    self.table = table.filter { $0.probe == probe }
  }

  /// The exception that lets this pass; nil if there is none.
  mutating func excuse(_ name: String, _ field: String) -> Exception? {
    guard let index = table.firstIndex(where: { ($0.name == name || $0.name == "*") && $0.field == field })
    else { return nil }
    used.insert(index)
    return table[index]
  }

  /// Those for this case, or for `*`, that were not needed.
  func unneeded(for name: String) -> [Exception] {
    table.indices.filter { !used.contains($0) && table[$0].name == name }.map { table[$0] }
  }
}
