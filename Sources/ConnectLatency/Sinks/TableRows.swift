/// Rows of the table, on their way out.
///
/// A struct, because a class would have the runtime check at each append that nobody else is appending.
struct TableRows: ~Copyable {
  private let columns: TableSink.Columns
  private var buffer = TextBuffer()
  private var firstEnd: UInt64?
  private var comm = CommText()
  private var source = AddressText()
  private var destination = AddressText()

  /// How wide latency and errno are together where CGROUP follows: `12345.67 ECONNREFUSED`.
  private static let endWidth = 21
  init(columns: TableSink.Columns) {
    self.columns = columns
  }

  /// Appends the line with the names of the columns.
  mutating func appendHeader() {
    if columns.contains(.time) { buffer.append("TIME(s)  ") }
    buffer.append("PID    COMM         IP SADDR            ")
    if columns.contains(.localPort) { buffer.append("LPORT  ") }
    buffer.append("DADDR            DPORT LAT(ms)")
    if columns.contains(.cgroup) { buffer.append("               CGROUP") }
    buffer.append(UInt8(ascii: "\n"))
  }

  /// Writes what is waiting; whatever comes of it, no row is written twice.
  mutating func write(to output: RowOutput) throws(SinkError) {
    try buffer.write(to: output)
  }

  /// How many bytes are waiting.
  var length: Int { buffer.count }

  /// Appends a row.
  /// - Parameter cgroup: the connection's. To ask a borrowed connection for it would copy the connection.
  mutating func append(_ connection: borrowing Connection, _ cgroup: Cgroup?) {
    if columns.contains(.time) { appendTime(connection.endTime) }
    column(6, UInt64(connection.start.raw.tgid))
    var begin = buffer.count
    let characters = buffer.appendPrintable(connection.start.comm, columns: 12, last: &comm)
    buffer.pad(to: 12, since: begin, hidden: buffer.count - begin - characters)
    buffer.append(connection.isIPv4 ? " 4  " : " 6  ")
    begin = buffer.count
    buffer.append(connection.source, last: &source)
    endColumn(16, since: begin)
    if columns.contains(.localPort) { column(6, UInt64(connection.sourcePort)) }
    begin = buffer.count
    buffer.append(connection.destination, last: &destination)
    endColumn(16, since: begin)
    column(5, UInt64(connection.destinationPort))
    appendEnd(connection, cgroup)
    buffer.append(UInt8(ascii: "\n"))
  }

  /// A number in a field that is at least `width` wide, and the space behind it.
  @inline(__always)
  private mutating func column(_ width: Int, _ number: UInt64) {
    let begin = buffer.count
    buffer.append(decimal: number)
    endColumn(width, since: begin)
  }

  @inline(__always)
  private mutating func endColumn(_ width: Int, since begin: Int) {
    buffer.pad(to: width, since: begin)
    buffer.append(UInt8(ascii: " "))
  }

  private mutating func appendTime(_ time: UInt64) {
    let first = firstEnd ?? time
    firstEnd = first
    let position = buffer.count
    // An attempt may end a little before the one whose row came first: RSTs count from their arrival.
    let milliseconds = (time > first ? time - first : 0).rounded(to: 1_000_000)
    buffer.append(decimal: milliseconds / 1000)
    buffer.append(UInt8(ascii: "."))
    buffer.append(decimal: milliseconds % 1000, digits: 3)
    buffer.pad(to: 9, since: position)
  }

  private mutating func appendEnd(_ connection: borrowing Connection, _ cgroup: Cgroup?) {
    let position = buffer.count
    let hundredths = connection.latency.rounded(to: 10_000)
    buffer.append(decimal: hundredths / 100)
    buffer.append(UInt8(ascii: "."))
    buffer.append(decimal: hundredths % 100, digits: 2)
    if connection.outcome != .established {
      buffer.append(UInt8(ascii: " "))
      buffer.appendEndName(of: connection)
    }
    if columns.contains(.cgroup), let cgroup {
      buffer.pad(to: Self.endWidth, since: position)
      buffer.append(UInt8(ascii: " "))
      buffer.append(cgroup.label)
    }
  }
}

extension TextBuffer {
  /// Appends the errno's name, or the outcome's where the kernel set none.
  mutating func appendEndName(of connection: borrowing Connection) {
    if connection.error == 0 {
      append(connection.outcome.name)
    } else {
      appendErrno(connection.error)
    }
  }

  /// Appends an errno's name, or `errno 999` for one without a name here.
  mutating func appendErrno(_ number: UInt16) {
    if let name = ErrnoName.name(of: number) {
      append(name)
    } else {
      append("errno ")
      append(decimal: UInt64(number))
    }
  }
}

extension UInt64 {
  /// How many `unit` this is, to the nearest, as `printf` rounds. No number is too large for it.
  @inline(__always)
  fileprivate func rounded(to unit: UInt64) -> UInt64 {
    let (whole, rest) = quotientAndRemainder(dividingBy: unit)
    return rest >= unit / 2 ? whole + 1 : whole
  }
}
