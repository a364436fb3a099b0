import Foundation
import Testing

@Suite("Bad input")
struct BadInputTests {
  @Test(
    "gets one line that names the value and what was expected, and exit code 64",
    arguments: [
      (["--nonsense"], "--nonsense", "Unknown option"),
      (["abc"], "abc", "milliseconds"),
      (["-5"], "-5", "Unknown option"),
      (["-p", "x1"], "x1", "process id"),
      (["-p", "12,"], "12,", "process id"),
      (["-p", "0"], "0", "process id"),
      (["--daddr", "10.0.0.0/33"], "10.0.0.0/33", "10.0.0.0/8"),
      (["--saddr", "somewhere"], "somewhere", "10.0.0.0/8"),
      (["-P", "0"], "0", "1 to 65535"),
      (["-P", "80-70"], "80-70", "1 to 65535"),
      (["-P", "443,x"], "x", "1 to 65535"),
      (["-u", "no such user"], "no such user", "user"),
      (["--outcome", "broken"], "broken", "established, refused, timeout"),
      (["--netns", "/no/such/file"], "/no/such/file", "inode"),
      (["--probe", "magic"], "magic", "tracepoint"),
      (["-n", "0"], "0", "1 or more"),
      (["--duration", "soon"], "soon", "10s"),
      (["--buffer", "9T"], "9T", "8M"),
      (["--flush", "fast"], "fast", "20ms"),
      (["-4", "-6"], "-4 and -6", "give one of them"),
      (["replay"], "file", "--sample"),
    ])
  func badArguments(arguments: [String], named: String, expected: String) throws {
    let tool = try RunningTool(arguments).finish(within: 30)
    #expect(tool.status == 64)
    #expect(tool.output.isEmpty)
    #expect(tool.errorLines.count == 1, "\(tool.errors)")
    #expect(tool.errors.contains(named) && tool.errors.contains(expected), "\(tool.errors)")
  }

  @Test("A recording that is not there gets one line and exit code 66")
  func missingRecording() throws {
    let tool = try Tool.run("replay", "/no/such/recording")
    #expect(tool.status == 66)
    #expect(tool.errorLines == ["tcpconnlat: cannot open /no/such/recording: No such file or directory"])
  }

  @Test(
    "What is no recording gets one line and exit code 65",
    arguments: ["", "hello", String(repeating: "PID COMM IP SADDR\n", count: 50)])
  func noRecording(text: String) throws {
    let tool = try Tool.run("replay", "-", input: Data(text.utf8))
    #expect(tool.status == 65)
    #expect(tool.errorLines.count == 1)
    #expect(tool.errors.contains("is no recording: expected a file that tcpconnlat --record wrote"))
  }

  @Test("A recording of another version gets one line that names both versions")
  func otherVersion() throws {
    var recording = try Sample.recording()
    recording[8] = 99
    let tool = try Tool.run("replay", "-", input: recording)
    #expect(tool.status == 65)
    #expect(tool.errorLines.count == 1)
    #expect(tool.errors.contains("version 99: expected version 1"))
  }

  @Test("A truncated recording gives every row before the cut, then one line and exit code 65")
  func truncated() throws {
    let recording = try Sample.recording()
    let whole = try Tool.run("replay", "-", "--json", input: recording)
    #expect(whole.status == 0)
    let cut = try Tool.run("replay", "-", "--json", input: recording.prefix(recording.count * 2 / 3))
    #expect(cut.status == 65)
    #expect(cut.errorLines.count == 1)
    #expect(cut.errors.contains("cut off"))
    #expect(cut.rows.count > whole.rows.count / 3)
    #expect(whole.rows.starts(with: cut.rows))
  }

  @Test("A recording cannot be made where there is no directory")
  func noPlaceForRecording() throws {
    let tool = try Tool.run("replay", "--sample", "--record", "/no/such/directory/x")
    #expect(tool.status == 73)
    #expect(tool.errorLines.count == 1)
  }

  @Test("Without privilege there is one line that says how to go on, and exit code 77")
  func noPrivilege() throws {
    let tool = try Tool.shell(
      "cp $T /tmp/tcpconnlat-$$; chmod 755 /tmp/tcpconnlat-$$; "
        + "setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all /tmp/tcpconnlat-$$; "
        + "s=$?; rm /tmp/tcpconnlat-$$; exit $s")
    #expect(tool.status == 77)
    #expect(tool.errorLines.count == 1, "\(tool.errors)")
    #expect(tool.errors.contains("sudo") && tool.errors.contains("CAP_BPF"))
  }
}

/// The recording that comes with the program.
enum Sample {
  static func recording() throws -> Data {
    let file = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID()).rec")
    defer { try? FileManager.default.removeItem(at: file) }
    let tool = try Tool.run("replay", "--sample", "--record", file.path())
    #expect(tool.status == 0)
    return try Data(contentsOf: file)
  }
}
