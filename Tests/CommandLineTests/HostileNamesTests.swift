import Foundation
import Testing

/// Names that anybody can choose, on their way to a terminal.
@Suite("A hostile name")
struct HostileNamesTests {
  /// Clears the screen, in two encodings; turns the text around; rings; begins a new line.
  private static let name = "\u{1B}[2J\u{9B}2J\u{202E}\u{7}\ntcpconnlat: forged"

  /// Whether it may go to a terminal.
  private static func isHarmless(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy {
      $0 == "\n" || ![.control, .format, .lineSeparator].contains($0.properties.generalCategory)
    }
  }

  @Test(
    "in an option stays one harmless line",
    arguments: [
      ["replay", "/no/such/\(name)"], ["replay", "--sample", name], ["--netns", name], [name], ["--\(name)"],
      ["replay", "--sample", "--record", "/no/such/\(name)"], ["--host-root", name], ["--probe", name],
      ["replay", "--sample", "-c", "x", "--outcome", name], ["doctor", name],
    ])
  func options(arguments: [String]) throws {
    let tool = try RunningTool(arguments).finish(within: 30)
    #expect(tool.status >= 64)
    #expect(tool.output.isEmpty)
    #expect(tool.errorLines.count == 1, "\(tool.errors.debugDescription)")
    #expect(Self.isHarmless(tool.errors), "\(tool.errors.debugDescription)")
  }

  @Test("of a damaged recording stays one harmless line")
  func recording() throws {
    let file = URL.temporaryDirectory.appending(path: "\(UUID())\(Self.name).rec")
    defer { try? FileManager.default.removeItem(at: file) }
    for length in [0, 40, 400] {
      try Sample.recording().prefix(length).write(to: file)
      let tool = try Tool.run("replay", file.path(percentEncoded: false))
      #expect(tool.status == 65)
      #expect(tool.errorLines.count == 1, "\(tool.errors.debugDescription)")
      #expect(Self.isHarmless(tool.errors + tool.output), "\(tool.errors.debugDescription)")
    }
  }

  @Test(
    "of a task reaches neither the table nor JSON as it is, and JSON has all of it",
    arguments: [[], ["--json"]])
  func task(format: [String]) throws {
    let trace = try LiveTrace.start(["-p", String(ProcessInfo.processInfo.processIdentifier)] + format)
    let comm = "\u{1B}[2J\u{9B}2J\u{202E}\"\\"
    let (done, result) = (DispatchSemaphore(value: 0), Connected())
    Thread.detachNewThread {
      FileHandle(forWritingAtPath: "/proc/thread-self/comm")?.write(Data(comm.utf8))
      result.attempt = try? Listener().connect()
      done.signal()
    }
    done.wait()
    let tool = try trace.interrupt()
    #expect(result.attempt?.error == 0)
    #expect(Self.isHarmless(tool.output), "\(tool.output.debugDescription)")
    if format.isEmpty {
      #expect(tool.output.contains("?[2J?2J?\"\\"), "\(tool.output.debugDescription)")
    } else {
      #expect(try tool.objects.map { $0["comm"] as? String } == [comm])
    }
  }
}

/// What another thread found, handed over by a semaphore.
private final class Connected: @unchecked Sendable {
  var attempt: Attempt?
}
