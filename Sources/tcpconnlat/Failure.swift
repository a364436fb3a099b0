import ArgumentParser
import ConnectLatency
import Glibc
import SystemPackage

/// Why the program ends without having done what was asked: one line, where it must be some more, and an exit code.
struct Failure: Error {
  /// Exit codes, after `sysexits.h`.
  enum Code: CInt {
    case success = 0
    case usage = 64
    case badData = 65
    case noInput = 66
    case unavailable = 69
    case software = 70
    case osError = 71
    case cannotCreate = 73
    case outputError = 74
    case noPermission = 77
  }

  let message: String
  let details: [String]
  let code: Code

  init(_ message: String, _ code: Code, details: [String] = []) {
    self.message = message
    self.details = details
    self.code = code
  }

  /// What any error of this program means for its user.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as ProbeError:
      self.init(error.description, error.isPrivilege ? .noPermission : .unavailable)
    case let error as NoProbeWorks: self.init(error)
    case let error as RecordingError: self.init(error.description, .badData)
    case SinkError.readerGone: self.init("", .success)
    case let error as SinkError: self.init(error.description, .outputError)
    default: self.init(parsing: error)
    }
  }

  /// Runs `body`; if the system refuses a file there, its name goes into the message, with the code for that.
  static func naming<Value>(_ path: String, _ code: Code, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let errno as Errno {
      throw Failure("cannot open \(path): \(errno)", code)
    }
  }

  /// Prints the message and exits.
  func exit() -> Never {
    if !message.isEmpty { StandardError.write(message, details: details) }
    Glibc.exit(code.rawValue)
  }
}

extension Failure {
  /// Where every probe failed for want of privilege, privilege is the one thing to tell.
  private init(_ error: NoProbeWorks) {
    if let first = error.refusals.first, error.refusals.allSatisfy(\.isPrivilege) {
      self.init("\(first.reason); \(first.advice)", .noPermission)
    } else {
      self.init("no probe works on this machine:", .unavailable, details: error.refusals.map(\.description))
    }
  }

  /// Errors of argument parsing, which also stand for `--help` and `--version`.
  private init(parsing error: any Error) {
    if TCPConnLat.exitCode(for: error) == .success {
      let message = TCPConnLat.fullMessage(for: error)
      // Without a subcommand, help is that of the command that runs without one.
      do {
        try StandardOutput.write(
          message == TCPConnLat.helpMessage() ? TCPConnLat.helpMessage(for: Trace.self) : message)
        self.init("", .success)
      } catch {
        self.init(error)
      }
    } else {
      let message = TCPConnLat.message(for: error)
      self.init("\(message) (tcpconnlat --help says more)", .usage)
    }
  }
}
