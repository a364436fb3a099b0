/// The cgroup a connect was made in.
public final class Cgroup: Sendable {
  /// The path below the root of its hierarchy, beginning with `/`.
  public let path: String
  /// The innermost container on the path; nil for what runs on the host itself.
  public let container: Container?
  /// The innermost systemd unit on its path: a service, scope or slice; nil when systemd did not make it.
  public let unit: String?
  /// What it is, in short, as it goes to a terminal.
  let label: [UInt8]
  /// The members of the JSON object, from a comma on.
  let json: [UInt8]

  /// A cgroup of which no more is known than its path tells.
  public convenience init(path: String) {
    let parsed = ContainerPath(path)
    self.init(path: path, container: parsed.container, unit: parsed.unit)
  }

  /// A cgroup with what is known of its container.
  public init(path: String, container: Container?, unit: String?) {
    self.path = path
    self.container = container
    self.unit = unit

    var buffer = TextBuffer()
    buffer.appendPrintable(Array((container?.label ?? unit ?? path).utf8))
    label = buffer.bytes
    buffer.removeAll()
    buffer.appendMembers(path: path, container: container, unit: unit)
    json = buffer.bytes
  }

  /// What a pattern may name it by: its path and the paths it lies below, the name of its innermost directory, its
  /// unit, with and without `.service`, and all that its container goes by but the id.
  public var names: [String] {
    var names = [path]
    var above = path[...]
    while let slash = above.lastIndex(of: "/"), slash > above.startIndex {
      above = above[..<slash]
      names.append(String(above))
    }
    if let last = path.split(separator: "/").last { names.append(String(last)) }
    if let unit {
      names.append(unit)
      if unit.hasSuffix(".service") { names.append(String(unit.dropLast(8))) }
    }
    if let container {
      names += [container.name, container.pod, container.namespace, container.podUID].compactMap(\.self)
      if let namespace = container.namespace, let pod = container.pod {
        names.append("\(namespace)/\(pod)")
        if let name = container.name { names.append("\(namespace)/\(pod)/\(name)") }
      }
    }
    return names
  }
}

extension Cgroup {
  /// Whether no file could tell more. What is neither a container's nor systemd's may be of a runtime whose files come
  /// a little later.
  var isWhole: Bool { container?.isNamed ?? (unit != nil || path == "/") }

  /// Whether one of these patterns names it. An id may be given by its first digits.
  func matches(_ patterns: [GlobPattern]) -> Bool {
    let names = names
    return patterns.contains { pattern in
      names.contains { pattern.matches($0) } || (container?.id).map(pattern.matches(id:)) ?? false
    }
  }
}

extension Cgroup: Equatable {
  public static func == (left: Cgroup, right: Cgroup) -> Bool {
    left.path == right.path && left.container == right.container && left.unit == right.unit
  }
}

extension TextBuffer {
  fileprivate mutating func appendMembers(path: String, container: Container?, unit: String?) {
    append(",")
    appendMember("cgroup", path)
    if let container {
      append(#","container":{"#)
      let members: [(StaticString, String?)] = [
        ("runtime", container.runtime?.rawValue), ("id", container.id), ("name", container.name),
        ("pod", container.pod), ("namespace", container.namespace),
      ]
      var isFirst = true
      for case (let key, let value?) in members {
        if !isFirst { append(",") }
        isFirst = false
        appendMember(key, value)
      }
      append("}")
    }
    if let unit {
      append(",")
      appendMember("unit", unit)
    }
  }

  private mutating func appendMember(_ key: StaticString, _ value: String) {
    append(#"""#)
    append(key)
    append(#"":""#)
    appendJSONEscaped(Array(value.utf8))
    append(#"""#)
  }
}
