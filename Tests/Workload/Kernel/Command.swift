import CWorkload
import Foundation

/// A command of the set-up, run in the calling thread's network namespace.
struct Command {
  let words: [String]
  /// What it reads, a page or two.
  var input = ""

  init(_ words: String..., input: String = "") { self.init(words, input: input) }

  init(_ words: [String], input: String = "") {
    self.words = words
    self.input = input
  }

  /// Runs it, and throws with its own words if it fails.
  @discardableResult
  func run() throws -> String {
    let (reads, writes) = try Self.pipe()
    let (hears, says) = try Self.pipe()
    defer { close(hears) }
    let pid: pid_t
    do {
      defer {
        close(reads)
        close(says)
      }
      let bytes = Array(input.utf8)
      let written = write(writes, bytes, bytes.count)
      close(writes)
      guard written == bytes.count else { throw WorkloadError.call("write to \(line)", .current) }
      pid = try spawn(words, stdin: reads, stdout: says, stderr: says)
    }
    let output = Self.readAll(hears)
    var status: Int32 = 0
    try check(waitpid(pid, &status, 0), "waitpid \(line)")
    guard status == 0 else {
      throw WorkloadError.command(line, status: wl_exit_code(status), output: output)
    }
    return output
  }

  private var line: String { words.joined(separator: " ") }

  /// A pipe: what to read from, and what to write to.
  static func pipe() throws -> (reads: Int32, writes: Int32) {
    var ends: [Int32] = [0, 0]
    try check(wl_pipe(&ends), "pipe2")
    return (ends[0], ends[1])
  }

  private static func readAll(_ fd: Int32) -> String {
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(fd, &chunk, chunk.count)
      guard count > 0 else { break }
      output += chunk.prefix(count)
    }
    let text = String(decoding: output, as: UTF8.self)
    return text.trimmingCharacters(in: .whitespacesAndNewlines).replacingOccurrences(of: "\n", with: "; ")
  }
}

/// Starts a program with these as its descriptors 0, 1 and 2 (-1: as ours).
func spawn(_ words: [String], stdin: Int32 = -1, stdout: Int32 = -1, stderr: Int32 = -1) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for (number, fd) in [stdin, stdout, stderr].enumerated() where fd >= 0 {
    posix_spawn_file_actions_adddup2(&actions, fd, Int32(number))
  }
  var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
  arguments.append(nil)
  defer { for argument in arguments { free(argument) } }
  var pid: pid_t = 0
  let failure = posix_spawnp(&pid, words[0], &actions, nil, arguments, environ)
  guard failure == 0 else { throw WorkloadError.call("start \(words[0])", Errno(failure)) }
  return pid
}
