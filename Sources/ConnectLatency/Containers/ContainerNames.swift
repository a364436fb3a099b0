/// Names of containers, read from the files that their runtimes leave on disk. No daemon is asked.
///
/// A file that is not there, cannot be read or is strange costs a name and nothing else.
public final class ContainerNames {
  let files: HostFiles

  /// The largest file of one container that is read, and the largest list of them.
  static let configLimit = 1 << 20
  static let listLimit = 4 << 20

  /// - Parameter root: where the file system of the host is mounted, `/` if this is the host.
  public init(root: String = "/") {
    files = HostFiles(root: root)
  }

  /// All that is known of the cgroup at a path.
  public func describe(cgroupPath: String) -> Cgroup {
    let parsed = ContainerPath(cgroupPath)
    var container = parsed.container.map { complete($0, cgroupPath: cgroupPath, unit: parsed.unit) }
    if container == nil, parsed.unit == nil, cgroupPath != "/" { container = lookUp(cgroupPath: cgroupPath) }
    return Cgroup(path: cgroupPath, container: container, unit: parsed.unit)
  }

  /// What is known of a container beyond the path of its cgroup.
  func complete(_ container: Container, cgroupPath: String, unit: String?) -> Container {
    var container = container
    let user = HostUser(cgroupPath: cgroupPath, files: files)
    // A path tells no runtime where several use the same; then whoever has a file for the id is the one.
    switch container.runtime {
    case .docker: addDocker(&container, user)
    case .podman, .criO: addPodman(&container, user)
    case .containerd: addContainerd(&container, user)
    case .nspawn, .libvirt: addMachine(&container, unit: unit)
    case .crun, .runc, .lxc: break
    case nil:
      guard container.id != nil else { break }
      for add in [addContainerd, addDocker, addPodman] where container.runtime == nil {
        add(&container, user)
      }
    }
    if container.podUID != nil { addKubernetes(&container) }
    container.trim()
    return container
  }
}

extension Container {
  /// Takes `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT` apart, which is what kubelet has Docker and CRI-O call them.
  /// - Returns: whether it was such a name.
  mutating func readKubernetesName(_ text: String) -> Bool {
    let fields = text.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 6, fields[0] == "k8s" else { return false }
    // The pod's own process, which only holds its namespaces, is called POD.
    if fields[1] != "POD" { name = fields[1] }
    pod = fields[2]
    namespace = fields[3]
    podUID = podUID ?? fields[4]
    return true
  }

  /// Bounds the names: they are of whoever made the files.
  fileprivate mutating func trim() {
    for field in [\Container.name, \.pod, \.namespace, \.id] {
      guard let text = self[keyPath: field] else { continue }
      if text.isEmpty { self[keyPath: field] = nil }
      if text.utf8.count > 253 {
        self[keyPath: field] = String(decoding: text.utf8.prefix(253), as: UTF8.self)
      }
    }
  }
}
