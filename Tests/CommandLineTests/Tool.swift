import Foundation
import Testing

/// The program as its user runs it, and what came of it.
struct Tool {
  var output: String
  var errors: String
  var status: Int32

  var rows: [String] { output.split(separator: "\n").map(String.init) }
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  /// A number of the block that `--stats` prints.
  func statistic(_ name: String) -> Int? {
    let line = errorLines.first { $0.hasPrefix("tcpconnlat: \(name) ") }
    return line?.split(separator: " ").last.flatMap { Int($0) }
  }
  /// The rows of `--json`.
  var objects: [[String: Any]] {
    get throws {
      try rows.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    }
  }

  /// The release binary that `tools/test` names, else the one that was built with the tests.
  static let path: String =
    ProcessInfo.processInfo.environment["TCPCONNLAT"]
    ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "tcpconnlat")
    .path()

  /// Runs it to its end.
  static func run(_ arguments: String..., input: Data? = nil) throws -> Tool {
    let running = try RunningTool(arguments, input: input)
    return try running.finish(within: 30)
  }

  /// Runs a shell command in which `$T` is the program.
  static func shell(_ command: String) throws -> Tool {
    let running = try RunningTool(program: "/bin/bash", ["-c", command])
    return try running.finish(within: 60)
  }
}

/// The program while it runs. What it prints goes to files, so that no pipe can fill up.
final class RunningTool {
  let process = Process()
  private let output = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID()).out")
  private let errors = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID()).err")

  convenience init(_ arguments: [String], input: Data? = nil) throws {
    try self.init(program: Tool.path, arguments, input: input)
  }

  init(program: String, _ arguments: [String], input: Data? = nil) throws {
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["T": Tool.path]) { $1 }
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    if let input {
      let pipe = Pipe()
      process.standardInput = pipe
      try start()
      try? pipe.fileHandleForWriting.write(contentsOf: input)
      try pipe.fileHandleForWriting.close()
    } else {
      process.standardInput = FileHandle.nullDevice
      try start()
    }
  }

  /// Starts it as a shell does. The threads that tests run in block signals, and a program inherits that: it would not
  /// end when it is told to.
  private func start() throws {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  deinit {
    if process.isRunning { process.terminate() }
    for file in [output, errors] { try? FileManager.default.removeItem(at: file) }
  }

  /// What it has printed so far.
  var outputSoFar: String { (try? String(decoding: Data(contentsOf: output), as: UTF8.self)) ?? "" }
  var errorsSoFar: String { (try? String(decoding: Data(contentsOf: errors), as: UTF8.self)) ?? "" }

  /// Waits until `condition` holds.
  func wait(for what: String, seconds: Double = 10, _ condition: (RunningTool) -> Bool) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while !condition(self) {
      guard Date() < deadline else { throw TimedOut("no \(what) within \(seconds) s: \(errorsSoFar)") }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }

  /// Sends a signal, if one is given, and waits for the end.
  func finish(signal: Int32? = nil, within seconds: Double = 10) throws -> Tool {
    if let signal { kill(process.processIdentifier, signal) }
    try wait(for: "end of the program", seconds: seconds) { !$0.process.isRunning }
    let status =
      process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    return Tool(output: outputSoFar, errors: errorsSoFar, status: status)
  }
}

struct TimedOut: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
