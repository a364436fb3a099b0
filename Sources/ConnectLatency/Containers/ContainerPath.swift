/// What the path of a cgroup tells by itself: the innermost container on it, and the innermost systemd unit.
public struct ContainerPath: Sendable, Equatable {
  /// The container with what a path can tell: runtime, id, pod uid, and the name where it is the id.
  public private(set) var container: Container?
  /// The innermost systemd unit: a service, scope, slice, socket or mount.
  public private(set) var unit: String?

  /// Reads a path below the root of its hierarchy.
  public init(_ path: some StringProtocol) {
    // The pod whose containers are the next directories.
    var podUID: String?
    var parent: Substring = ""
    for component in path.split(separator: "/").map({ Substring($0) }) {
      defer { parent = component }
      if Self.unitSuffixes.contains(where: { component.hasSuffix($0) }) { unit = String(component) }
      if let uid = Self.podUID(component) {
        podUID = uid
        container = Container(podUID: uid)
        continue
      }
      switch Self.read(component, in: parent) {
      case .container(var found):
        found.podUID = found.podUID ?? podUID
        container = found
        podUID = nil
      case .monitor:
        // The process that watches a container is none of its processes.
        container = nil
        podUID = nil
      case .other: break
      }
    }
  }

  private static let unitSuffixes = [".service", ".scope", ".slice", ".socket", ".mount"]
}

extension ContainerPath {
  private enum Component {
    case container(Container)
    case monitor
    case other
  }

  /// The names that runtimes put before a `-` and the id. The longer ones come first.
  private static let prefixes: [(String, Container.Runtime?)] = [
    ("libpod-conmon-", nil), ("crio-conmon-", nil), ("libpod-payload-", .podman), ("libpod-", .podman),
    ("cri-containerd-", .containerd), ("nerdctl-", .containerd), ("docker-", .docker), ("crio-", .criO),
  ]

  /// Directories whose children are containers by their bare id, with the systemd driver out of play.
  private static let parents: [Substring: Container.Runtime] = [
    "docker": .docker, "actions_job": .docker, "default": .containerd, "k8s.io": .containerd,
  ]

  private static func read(_ component: Substring, in parent: Substring) -> Component {
    let name = component.dropping(suffix: ".scope")
    if isID(name) { return .container(Container(runtime: parents[parent], id: String(name))) }
    for (prefix, runtime) in prefixes where name.hasPrefix(prefix) {
      let id = name.dropFirst(prefix.count)
      guard isID(id) else { continue }
      return runtime.map { .container(Container(runtime: $0, id: String(id))) } ?? .monitor
    }
    // What containerd makes of the systemd driver's "slice:prefix:name" when it runs with the other driver.
    let fields = name.split(separator: ":", omittingEmptySubsequences: false)
    if fields.count == 3, isID(fields[2]),
      case .container(var found) = read("\(fields[1])-\(fields[2])", in: "")
    {
      found.podUID = podUID(fields[0])
      return .container(found)
    }
    return readNamed(component, in: parent)
  }

  /// Containers that go by a name.
  private static func readNamed(_ component: Substring, in parent: Substring) -> Component {
    func named(_ name: String, _ runtime: Container.Runtime) -> Component {
      name.isEmpty ? .other : .container(Container(runtime: runtime, id: name, name: name))
    }
    if component.hasPrefix("lxc.monitor") || parent == "lxc.monitor" { return .monitor }
    if parent == "lxc" || parent == "lxc.payload" { return named(String(component), .lxc) }
    if component.hasPrefix("lxc.payload.") { return named(String(component.dropFirst(12)), .lxc) }
    if component.hasPrefix("systemd-nspawn@"), component.hasSuffix(".service") {
      return named(unescaped(component.dropFirst(15).dropLast(8)), .nspawn)
    }
    guard component.hasSuffix(".scope") else { return .other }
    if component.hasPrefix("machine-") {
      let name = unescaped(component.dropFirst(8).dropLast(6))
      if name.hasPrefix("qemu-") { return .other }
      // libvirt's are "lxc-PID-NAME"
      let fields = name.split(separator: "-", maxSplits: 2)
      if fields.count == 3, fields[0] == "lxc", UInt32(fields[1]) != nil {
        return named(String(fields[2]), .libvirt)
      }
      return named(name, .nspawn)
    }
    for runtime in [Container.Runtime.crun, .runc] where component.hasPrefix(runtime.rawValue + "-") {
      return named(String(component.dropFirst(runtime.rawValue.utf8.count + 1).dropLast(6)), runtime)
    }
    return .other
  }

  /// The uid in the name of a pod's directory: `pod1b2c…`, `kubepods-burstable-pod1b2c….slice`.
  private static func podUID(_ component: Substring) -> String? {
    let uid: Substring
    if component.hasSuffix(".slice") {
      // No uid has a dash here, for a dash leads to another slice.
      guard let dash = component.lastIndex(of: "-") else { return nil }
      uid = component[component.index(after: dash)...].dropping(suffix: ".slice")
    } else {
      uid = component
    }
    guard uid.hasPrefix("pod") else { return nil }
    let text = String(uid.dropFirst(3).map { $0 == "_" ? "-" : $0 })
    return isPodUID(text) ? text : nil
  }

  /// Whether it is a UUID, or the hash that kubelet gives to pods from files.
  private static func isPodUID(_ text: String) -> Bool {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    guard groups.allSatisfy({ $0.utf8.allSatisfy(isHexadecimal) }) else { return false }
    return groups.map(\.utf8.count) == [8, 4, 4, 4, 12] || (groups.count == 1 && text.utf8.count == 32)
  }

  /// Whether it is what nearly all runtimes take for an id.
  static func isID(_ text: some StringProtocol) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy(isHexadecimal)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  /// A name without systemd's escapes (`systemd-escape(1)`: `\x2d` for a dash).
  static func unescaped(_ name: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = name.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), rest.count >= 3,
        let value = UInt8(Substring(rest.dropFirst().prefix(2)), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Substring {
  fileprivate func dropping(suffix: String) -> Substring {
    hasSuffix(suffix) ? dropLast(suffix.count) : self
  }
}
