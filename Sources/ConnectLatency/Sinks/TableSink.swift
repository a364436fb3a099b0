import SystemPackage

/// Prints connections as the columns of the original tool.
public final class TableSink: Stage, DescriptorSink {
  /// Which columns there are beside the ones that always are.
  public struct Columns: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// TIME(s), seconds since the first row.
    public static let time = Columns(rawValue: 1)
    /// LPORT, the local port.
    public static let localPort = Columns(rawValue: 2)
    /// CGROUP, last.
    public static let cgroup = Columns(rawValue: 4)
  }

  let output: RowOutput
  private var rows: TableRows

  /// Rows are written at the end of a batch, or when this many bytes have come together.
  private static let enough = 512 << 10

  /// Writes the header at once.
  /// - Throws: what writing it threw.
  public init(to descriptor: FileDescriptor, named name: String = "standard output", columns: Columns = [])
    throws(SinkError)
  {
    output = RowOutput(descriptor: descriptor, name: name)
    rows = TableRows(columns: columns)
    rows.appendHeader()
    try flush()
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
