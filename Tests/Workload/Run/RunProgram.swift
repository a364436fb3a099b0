import CWorkload
import Foundation
import Synchronization

/// `run`: starts a process for each group, all at the same time, and writes what they report as the truth.
struct RunProgram {
  var truth: String
  var only: Set<String>
  var burst: Int

  /// A group that takes longer is killed.
  private static let limit = 240

  /// Whether every case was made, or could not be on this kernel.
  func run() throws -> Bool {
    guard getuid() == 0 else {
      throw WorkloadError.unsupported("run makes network namespaces: it needs root")
    }
    signal(SIGPIPE, SIG_IGN)
    var lines: [TruthLine] = []
    var works = true
    let groups = Group.allCases.filter { $0 != .burst && !selected($0).isEmpty }
    let scenes = try groups.map { try RunningScene($0, cases: selected($0), burst: burst) }
    for scene in scenes { lines += try scene.lines(limit: Self.limit) }
    // The burst alone, for what it measures.
    if burst > 0, !selected(.burst).isEmpty {
      lines += try RunningScene(.burst, cases: selected(.burst), burst: burst).lines(limit: Self.limit)
    }
    var file = Data()
    var serial = 0
    for line in lines {
      switch line {
      case .attempt(var attempt):
        serial += 1
        attempt.serial = serial
        file += try TruthLine.attempt(attempt).json()
      case .ground: file += try line.json()
      case .remark(let remark):
        if remark.done == nil { file += try line.json() }
        works = works && remark.error == nil
      }
    }
    try file.write(to: URL(fileURLWithPath: truth))
    report(lines)
    return works
  }

  private func selected(_ group: Group) -> [String] {
    group.cases.map(\.name).filter { only.isEmpty || only.contains($0) }
  }

  private func report(_ lines: [TruthLine]) {
    var attempts: [String: Int] = [:]
    for case .attempt(let attempt) in lines { attempts[attempt.name, default: 0] += 1 }
    for case .remark(let remark) in lines {
      if let reason = remark.unsupported {
        print("unsupported \(remark.name): \(reason)")
      } else if let error = remark.error {
        print("ERROR       \(remark.name): \(error)")
      } else {
        print("made        \(remark.name): \(attempts[remark.name] ?? 0)")
      }
    }
    print("\(attempts.values.reduce(0, +)) attempts")
  }
}

/// A group's process, and what it has written so far.
private final class RunningScene: Sendable {
  private let group: Group
  private let cases: [String]
  private let pid: pid_t
  private let reader: Work<[TruthLine]>

  init(_ group: Group, cases: [String], burst: Int) throws {
    self.group = group
    self.cases = cases
    let (reads, writes) = try Command.pipe()
    defer { close(writes) }
    let words = ["/proc/self/exe", "scene", group.rawValue, cases.joined(separator: ","), "\(burst)"]
    pid = try spawn(words, stdout: writes)
    reader = Work {
      let handle = FileHandle(fileDescriptor: reads, closeOnDealloc: true)
      let data = try handle.readToEnd() ?? Data()
      return try data.split(separator: UInt8(ascii: "\n")).map { try TruthLine(json: $0) }
    }
  }

  /// Waits for its end; kills it after `limit` seconds. A case it says nothing of is an error.
  func lines(limit: Int) throws -> [TruthLine] {
    var status: Int32 = 0
    var end = "it ended early"
    let start = wl_now()
    while try check(waitpid(pid, &status, WNOHANG), "waitpid") == 0 {
      sleep(milliseconds: 10)
      if wl_now() - start > Int64(limit) * 1_000_000_000 {
        end = "killed after \(limit) s"
        kill(pid, SIGKILL)
        try check(waitpid(pid, &status, 0), "waitpid")
        break
      }
    }
    if status != 0 { end += ", status \(wl_exit_code(status))" }
    var lines = try reader.join()
    var concluded: Set<String> = []
    for case .remark(let remark) in lines { concluded.insert(remark.name) }
    for name in cases where !concluded.contains(name) {
      lines.append(.remark(Remark(name: name, error: "no word of it: \(end)")))
    }
    return lines
  }
}
