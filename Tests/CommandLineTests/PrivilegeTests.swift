import Foundation
import Testing

/// What the program may do: no more than it needs, and never longer.
@Suite("Privilege", .serialized)
final class PrivilegeTests {
  private let pid = String(ProcessInfo.processInfo.processIdentifier)
  private let nobody = "65534"
  /// A directory with the program that every user may enter.
  private let directory = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID())")
  private var program: String { directory.appending(path: "tcpconnlat").path() }

  init() throws {
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    try FileManager.default.copyItem(atPath: Tool.path, toPath: program)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  @Test(
    "Once the hooks are attached, root keeps what it still needs, and gets nothing back",
    arguments: [
      (["--probe", "tracepoint"], 0 as UInt64), (["--probe", "tracepoint", "--cgroup"], 1 << 2),
      (["--probe", "tracefs"], 1 << 19),
    ])
  func root(arguments: [String], kept: UInt64) throws {
    let trace = try LiveTrace.start(["-p", pid] + arguments)
    let status = try ProcessStatus(of: trace.running)
    #expect(status.capabilities == [0, kept, kept, 0, 0])
    #expect(status["NoNewPrivs"] == ["1"] && status["Uid"] == ["0", "0", "0", "0"])
    let listener = try Listener()
    _ = try listener.connect()
    #expect(try trace.interrupt().rows.count == 2)
  }

  @Test(
    "--user goes on as that user, in no other group, with the cgroups of others",
    arguments: ["tracepoint", "tracefs"])
  func user(probe: String) throws {
    let trace = try LiveTrace.start(
      "--json", "--cgroup", "-p", pid, "--user", nobody, "--probe", probe)
    let status = try ProcessStatus(of: trace.running)
    #expect(status["Uid"] == Array(repeating: nobody, count: 4))
    #expect(status["Gid"] == Array(repeating: nobody, count: 4) && status["Groups"] == [])
    // CAP_DAC_READ_SEARCH, and what it takes to remove what is root's in tracefs.
    let kept: UInt64 = probe == "tracefs" ? 1 << 1 | 1 << 2 | 1 << 19 : 1 << 2
    #expect(status.capabilities == [0, kept, kept, 0, 0] && status["NoNewPrivs"] == ["1"])
    let listener = try Listener()
    _ = try listener.connect()
    let row = try #require(try trace.interrupt().objects.first)
    #expect(row["pid"] as? Int == Int(pid) && (row["cgroup"] as? String)?.hasPrefix("/") == true)
    let instance = "/sys/kernel/tracing/instances/tcpconnlat-\(trace.running.process.processIdentifier)"
    #expect(!FileManager.default.fileExists(atPath: instance))
  }

  @Test("A replay needs nothing and keeps nothing, whoever runs it")
  func replay() throws {
    let fifo = directory.appending(path: "fifo").path()
    let running = try RunningTool(
      program: "/bin/bash",
      [
        "-c",
        "mkfifo \(fifo); exec $T replay --user \(nobody) - < <($T replay --sample --record \(fifo) > /dev/null & cat \(fifo); sleep 1)",
      ])
    try running.wait(for: "row") { $0.outputSoFar.count { $0 == "\n" } > 3 }
    let status = try ProcessStatus(of: running)
    #expect(status.capabilities == [0, 0, 0, 0, 0] && status["Uid"]?.first == nobody)
    #expect(try running.finish().status == 0)
  }

  @Test(
    "With exactly the capabilities that doctor lists, another user traces",
    arguments: ["tracepoint", "tracefs"])
  func exactly(probe: String) throws {
    let needed = try neededCapabilities(of: probe)
    let trace = try LiveTrace.start(shell: command(["--json", "--probe", probe], with: needed))
    let listener = try Listener()
    _ = try listener.connect()
    let closed = try Listener(listens: false)
    _ = try closed.connect()
    let tool = try trace.interrupt()
    #expect(tool.status == 0)
    #expect(try tool.objects.map { $0["outcome"] as? String } == ["established", "refused"])
    #expect(try tool.objects.allSatisfy { $0["uid"] as? Int == 0 && $0["netns"] is Int })
    #expect(!tool.errors.contains("ermission"), "\(tool.errors)")
    for missing in needed {
      let less = try RunningTool(
        program: "/bin/bash",
        ["-c", command(["--probe", probe, "--duration", "1ms"], with: needed.filter { $0 != missing })]
      ).finish()
      switch missing {
      case "CAP_DAC_READ_SEARCH":
        #expect(less.errors.contains("not seen: connects that fail before a SYN is sent"))
        #expect(less.errors.contains("it takes CAP_DAC_READ_SEARCH"))
      case "CAP_SYS_PTRACE": #expect(less.status == 0)
      default:
        #expect(less.status == 77 && less.errorLines.count == 1, "without \(missing): \(less.errors)")
        #expect(less.errors.contains(missing))
      }
    }
  }

  @Test("--user without the right to change users gets one line that says what it takes, and exit code 77")
  func noRight() throws {
    let needed = try neededCapabilities(of: "tracepoint")
    let tool = try RunningTool(
      program: "/bin/bash", ["-c", command(["--probe", "tracepoint", "--user", "1"], with: needed)]
    ).finish()
    #expect(tool.status == 77)
    #expect(tool.errorLines.last?.contains("--user takes root, or CAP_SETUID and CAP_SETGID") == true)
  }
}

extension PrivilegeTests {
  /// What doctor says behind "needs".
  private func neededCapabilities(of probe: String) throws -> [String] {
    let doctor = try Tool.run("doctor")
    let line = try #require(doctor.rows.firstIndex { $0.hasPrefix(probe + " ") })
    let needs = doctor.rows[line + 1]
    try #require(needs.hasPrefix("            needs  "))
    let names = needs.split { !$0.isLetter && $0 != "_" }.filter { $0.hasPrefix("CAP_") }.map(String.init)
    try #require(!names.isEmpty)
    return names
  }

  /// The program as nobody, with these capabilities and no way to others.
  private func command(_ arguments: [String], with capabilities: [String]) -> String {
    let sets = (["-all"] + capabilities.map { "+" + $0.dropFirst(4).lowercased() }).joined(separator: ",")
    return "exec setpriv --reuid=\(nobody) --regid=\(nobody) --clear-groups --inh-caps=\(sets) "
      + "--ambient-caps=\(sets) --bounding-set=\(sets) \(program) -p \(pid) "
      + arguments.joined(separator: " ")
  }
}

/// `/proc/PID/status`.
private struct ProcessStatus {
  private var fields: [String: [String]] = [:]

  init(of running: RunningTool) throws {
    let pid = running.process.processIdentifier
    // The hooks are attached, and told, just before the rest is given up.
    try running.wait(for: "privilege given up") { _ in
      (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8))?.contains("NoNewPrivs:\t1")
        == true
    }
    let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    for line in text.split(separator: "\n") {
      let words = line.split { $0 == "\t" || $0 == " " }
      fields[String(words[0].dropLast())] = words.dropFirst().map(String.init)
    }
  }

  subscript(name: String) -> [String]? { fields[name] }

  /// Inheritable, permitted, effective, bounding, ambient.
  var capabilities: [UInt64?] {
    ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map {
      fields[$0]?.first.flatMap { UInt64($0, radix: 16) }
    }
  }
}
