@testable import ConnectLatency

/// The parser of cgroup paths, and of the files under `/proc` that tell them and who a process is.
final class CgroupsTarget: FuzzTarget {
  private static let patterns = ["web", "*", "/a/*", "shop/*", "?[b*", "0123"].map(GlobPattern.init)

  func take(_ input: UnsafeRawBufferPointer) {
    let text = String(decoding: input, as: UTF8.self)
    check(path: text)
    check(path: ProcessFiles.cgroupPath(in: text))
    _ = ProcessFiles.innermostPID(in: text)
    check(TraceFSTasks.task(in: text)?.comm ?? Comm(input))
  }

  private func check(path: String) {
    let cgroup = Cgroup(path: path)
    checkCgroup(cgroup)
    _ = cgroup.matches(Self.patterns)
    // A part of the path that is a unit's name says so, whatever surrounds it.
    if let unit = cgroup.unit, !path.contains(unit) { fatalError("\(path.debugDescription): unit \(unit)") }
  }

  private func check(_ comm: Comm) {
    var buffer = TextBuffer(capacity: 1)
    let characters = buffer.appendPrintable(comm, columns: 12)
    checkPrintable(buffer.bytes)
    guard String(decoding: buffer.bytes, as: UTF8.self).unicodeScalars.count == characters else {
      fatalError("\(comm.bytes) is not \(characters) characters wide")
    }
    buffer.removeAll()
    buffer.append(#"{"comm":""#)
    buffer.appendJSONEscaped(comm)
    buffer.append(#""}"#)
    checkJSON(buffer.bytes)
  }
}

/// Ends the process where a cgroup may not go to a terminal or into JSON.
func checkCgroup(_ cgroup: Cgroup) {
  checkPrintable(cgroup.label)
  checkJSON([UInt8(ascii: "{")] + cgroup.json.dropFirst() + [UInt8(ascii: "}")])
}
