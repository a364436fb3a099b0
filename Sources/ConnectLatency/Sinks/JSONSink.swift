import SystemPackage

/// Prints connections as JSON, one object a line, the keys always in the same order.
public final class JSONSink: Stage, DescriptorSink {
  let output: RowOutput
  private var rows: JSONRows

  /// Rows are written at the end of a batch, or when this many bytes have come together.
  private static let enough = 512 << 10

  /// - Parameter showsCgroup: whether there are keys for the cgroup.
  public init(
    to descriptor: FileDescriptor, named name: String = "standard output", showsCgroup: Bool = false
  ) {
    output = RowOutput(descriptor: descriptor, name: name)
    rows = JSONRows(showsCgroup: showsCgroup)
  }

  public func process(_ connection: inout Connection) throws(SinkError) -> Verdict {
    // A row is taken once there is room for it: what this throws is of rows taken before.
    if rows.length >= Self.enough { try flush() }
    rows.append(connection, connection.cgroup)
    return .pass
  }

  public var unwrittenRows: UInt64 { output.unwrittenLines }

  public func flush() throws(SinkError) {
    try rows.write(to: output)
  }
}
