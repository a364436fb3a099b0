/// The cgroup a connect was made in.
public final class Cgroup: Sendable {
  /// The path below the root of its hierarchy, beginning with `/`.
  public let path: String
  /// What a pattern may name it by: its path, the name of its innermost directory, its unit.
  public let names: [String]
  /// The innermost systemd unit on its path: a service, scope or slice; nil when systemd did not make it.
  public let unit: String?

  /// The path as it goes to a terminal.
  let label: [UInt8]
  /// The members of the JSON object, from a comma on.
  let json: [UInt8]

  public init(path: String) {
    self.path = path
    let components = path.split(separator: "/").map(String.init)
    let unit = components.last { name in
      [".service", ".scope", ".slice", ".socket", ".mount"].contains { name.hasSuffix($0) }
    }
    self.unit = unit
    var names = [path]
    if let last = components.last { names.append(last) }
    if let unit, unit != components.last { names.append(unit) }
    self.names = names

    var buffer = TextBuffer()
    buffer.appendPrintable(Array(path.utf8))
    label = buffer.bytes
    buffer.removeAll()
    buffer.append(#","cgroup":""#)
    buffer.appendJSONEscaped(Array(path.utf8))
    buffer.append(#"""#)
    if let unit {
      buffer.append(#","unit":""#)
      buffer.appendJSONEscaped(Array(unit.utf8))
      buffer.append(#"""#)
    }
    json = buffer.bytes
  }
}
