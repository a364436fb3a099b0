/// Where each runtime keeps its state.
extension ContainerNames {
  /// Docker: `/var/lib/docker/containers/ID/config.v2.json`, or below `data-root`, or in the user's home.
  func addDocker(_ container: inout Container, _ user: HostUser?) {
    guard let id = container.id else { return }
    var roots = ["var/lib/docker"]
    let daemon = files.json("etc/docker/daemon.json", limit: Self.configLimit, as: DockerDaemon.self)
    if let root = daemon?.dataRoot, root.hasPrefix("/") { roots.insert(relative(root), at: 0) }
    if let user { roots.insert(user.home + "/.local/share/docker", at: 0) }
    for root in roots {
      let path = "\(root)/containers/\(id)/config.v2.json"
      guard let config = files.json(path, limit: Self.configLimit, as: DockerConfig.self) else { continue }
      container.runtime = container.runtime ?? .docker
      guard let name = config.name.map({ $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }) else { return }
      if !container.readKubernetesName(name) { container.name = name }
      return
    }
  }

  /// podman and CRI-O: `containers.json` in the storage directory, and the annotations that CRI-O gives the runtime.
  func addPodman(_ container: inout Container, _ user: HostUser?) {
    guard let id = container.id else { return }
    for root in storageRoots(user) {
      for driver in files.names(in: root, limit: 64) where driver.hasSuffix("-containers") {
        let directory = "\(root)/\(driver)"
        if addAnnotations("\(directory)/\(id)/userdata/config.json", to: &container) {
          container.runtime = container.runtime ?? .criO
        }
        for list in ["containers.json", "volatile-containers.json"] where container.name == nil {
          guard let name = storedName(of: id, in: "\(directory)/\(list)") else { continue }
          if container.readKubernetesName(name) {
            container.runtime = container.runtime ?? .criO
          } else {
            container.runtime = container.runtime ?? .podman
            container.name = name
          }
        }
        if container.isNamed { return }
      }
    }
  }

  /// containerd: the annotations of the bundle, in whichever of its namespaces the container is.
  func addContainerd(_ container: inout Container, _ user: HostUser?) {
    guard let id = container.id else { return }
    var tasks = ["run/containerd/io.containerd.runtime.v2.task"]
    // k3s and rke2 bring their own.
    tasks.append("run/k3s/containerd/io.containerd.runtime.v2.task")
    if let user { tasks.insert("run/user/\(user.uid)/containerd/io.containerd.runtime.v2.task", at: 0) }
    for root in tasks {
      for namespace in files.names(in: root, limit: 64) where namespace != "moby" {
        let path = "\(root)/\(namespace)/\(id)/config.json"
        guard let config = files.json(path, limit: Self.configLimit, as: RuntimeConfig.self) else { continue }
        container.runtime = .containerd
        container.add(annotations: config.annotations ?? [:])
        return
      }
    }
  }

  /// systemd-nspawn and libvirt: machined's links from units to machines.
  func addMachine(_ container: inout Container, unit: String?) {
    guard let unit, let name = files.link("run/systemd/machines/unit:\(unit)"), !name.contains("/") else {
      return
    }
    container.name = name
  }

  /// crun and runc by themselves: their container may be in any directory, which has its id as name unless somebody
  /// chose another; each keeps its state in a directory of that name.
  func lookUp(cgroupPath: String) -> Container? {
    for component in cgroupPath.split(separator: "/").suffix(8).reversed() where component.first != "." {
      let id = String(component)
      if let status = files.json("run/crun/\(id)/status", limit: Self.configLimit, as: CrunStatus.self),
        let path = status.cgroupPath, path == cgroupPath || cgroupPath.hasPrefix(path + "/")
      {
        return Container(runtime: .crun, id: id, name: id)
      }
      if files.isFile("run/runc/\(id)/state.json") { return Container(runtime: .runc, id: id, name: id) }
    }
    return nil
  }

  private func addAnnotations(_ path: String, to container: inout Container) -> Bool {
    let config = files.json(path, limit: Self.configLimit, as: RuntimeConfig.self)
    return config?.annotations.map { container.add(annotations: $0) } ?? false
  }

  private func storedName(of id: String, in list: String) -> String? {
    files.json(list, limit: Self.listLimit, as: [Lenient<StoredContainer>].self)?
      .first { $0.value?.id == id }?.value?.names?.first
  }

  /// The directories of containers/storage: the user's, those that were configured, and the usual ones.
  private func storageRoots(_ user: HostUser?) -> [String] {
    var roots: [String] = []
    if let user {
      roots = ["\(user.home)/.local/share/containers/storage", "run/user/\(user.uid)/containers"]
    }
    let configuration = files.bytes("etc/containers/storage.conf", limit: Self.configLimit) ?? []
    for line in String(decoding: configuration, as: UTF8.self).split(separator: "\n") {
      let sides = line.split(separator: "=", maxSplits: 1).map {
        $0.filter { !$0.isWhitespace && $0 != "\"" }
      }
      guard sides.count == 2, ["graphroot", "runroot"].contains(sides[0]), sides[1].hasPrefix("/") else {
        continue
      }
      roots.append(relative(sides[1]))
    }
    for usual in ["var/lib/containers/storage", "run/containers/storage"] where !roots.contains(usual) {
      roots.append(usual)
    }
    return roots
  }

  private func relative(_ path: String) -> String { String(path.drop { $0 == "/" }) }
}

extension Container {
  /// Takes what kubelet, containerd, CRI-O and nerdctl tell the runtime.
  /// - Returns: whether there was anything.
  @discardableResult
  fileprivate mutating func add(annotations: [String: String]) -> Bool {
    func first(_ keys: String...) -> String? { keys.lazy.compactMap { annotations[$0] }.first }
    let found = first("io.kubernetes.pod.name", "io.kubernetes.cri.sandbox-name")
    pod = found ?? pod
    namespace = first("io.kubernetes.pod.namespace", "io.kubernetes.cri.sandbox-namespace") ?? namespace
    podUID = podUID ?? first("io.kubernetes.pod.uid", "io.kubernetes.cri.sandbox-uid")
    name = first("io.kubernetes.container.name", "io.kubernetes.cri.container-name", "nerdctl/name") ?? name
    // CRI-O calls the process that holds the pod's namespaces so.
    if name == "POD" { name = nil }
    return found != nil
  }
}
