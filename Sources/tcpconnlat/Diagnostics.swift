import ConnectLatency
import Glibc
import Logging
import SystemPackage

/// What is said on standard error, a line each, after the program's name. Rows never go there.
struct Diagnostics {
  private let logger: Logger

  init(isVerbose: Bool) {
    var logger = Logger(label: "tcpconnlat") { _ in StandardErrorHandler() }
    logger.logLevel = isVerbose ? .debug : .info
    self.logger = logger
  }

  /// Says something that everybody should know.
  func say(_ text: String) {
    logger.info("\(text)")
  }

  /// Says, with `-v`, all that libbpf and the verifier said of a probe.
  func details(of error: ProbeError) {
    details(error.details, of: error.probe)
  }

  /// Says messages, with `-v`, a line each.
  func details(_ messages: [String], of probe: Probe) {
    for message in messages {
      for line in message.split(separator: "\n") { logger.debug("\(probe.rawValue): \(line)") }
    }
  }

  /// Says what was done, as one block.
  func show(_ statistics: Statistics, skippedHooks: UInt64?) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let rows: [(String, String)] = [
      ("records read", "\(statistics.recordsRead)"),
      ("records passed over", "\(statistics.recordsPassedOver)"),
      ("rows shown", "\(statistics.rowsShown)"),
      ("rows filtered", "\(statistics.rowsFiltered)"),
      ("rows not written", "\(statistics.rowsUnwritten)"),
      ("records not written", "\(statistics.recordsUnwritten)"),
      ("lost in the kernel", "\(statistics.lost.total)"),
      ("starts lost", "\(statistics.lost.starts)"),
      ("starts evicted", "\(statistics.unpaired.evicted)"),
      ("starts without end", "\(statistics.unpaired.superseded)"),
      ("ends without start", "\(statistics.unpaired.unmatched)"),
      ("still open", "\(statistics.stillOpen)"),
      ("hooks skipped", skippedHooks.map { "\($0)" } ?? "unknown"),
      ("user CPU", Self.seconds(usage.ru_utime)),
      ("system CPU", Self.seconds(usage.ru_stime)),
    ]
    for (name, value) in rows {
      say(name + String(repeating: " ", count: 20 - name.count) + value)
    }
  }

  private static func seconds(_ time: timeval) -> String {
    let milliseconds = String(1000 + time.tv_usec / 1000).dropFirst()
    return "\(time.tv_sec).\(milliseconds) s"
  }
}

/// Writes log messages as bare lines to standard error.
private struct StandardErrorHandler: LogHandler {
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    StandardError.write("\(event.message)")
  }
}

/// Standard error, unbuffered.
enum StandardError {
  /// Writes a line, and those below it. Names of files and processes may be in any of them.
  static func write(_ line: String, details: [String] = []) {
    var text = "tcpconnlat: \(line.printable)\n" + details.map { "  \($0.printable)\n" }.joined()
    text.withUTF8 { bytes in _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
  }
}

/// Standard output, for what is no row.
enum StandardOutput {
  /// - Throws: `SinkError` as a row would.
  static func write(_ text: String) throws {
    do {
      _ = try FileDescriptor.standardOutput.writeAll((text + "\n").utf8)
    } catch Errno.brokenPipe {
      throw SinkError.readerGone
    } catch let errno as Errno {
      throw SinkError.write(to: "standard output", errno)
    }
  }
}
