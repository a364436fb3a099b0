/// What kubelet leaves on disk whatever the runtime is.
extension ContainerNames {
  /// `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`, and `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/`.
  func addKubernetes(_ container: inout Container) {
    if !container.isNamed, let id = container.id { addFromContainerLogs(&container, id) }
    if !container.isNamed, let uid = container.podUID { addFromPodLogs(&container, uid) }
  }

  private func addFromContainerLogs(_ container: inout Container, _ id: String) {
    let ending = "-\(id).log"
    guard let file = files.names(in: "var/log/containers").first(where: { $0.hasSuffix(ending) }) else {
      return
    }
    let fields = file.dropLast(ending.count).split(separator: "_", omittingEmptySubsequences: false)
    guard fields.count == 3 else { return }
    container.pod = String(fields[0])
    container.namespace = String(fields[1])
    container.name = String(fields[2])
  }

  private func addFromPodLogs(_ container: inout Container, _ uid: String) {
    let ending = "_\(uid)"
    guard let directory = files.names(in: "var/log/pods").first(where: { $0.hasSuffix(ending) }) else {
      return
    }
    let fields = directory.dropLast(ending.count).split(separator: "_", omittingEmptySubsequences: false)
    guard fields.count == 2 else { return }
    container.namespace = String(fields[0])
    container.pod = String(fields[1])
    // Which container of the pod it is cannot be told from here, unless there is but one.
    let names = files.names(in: "var/log/pods/\(directory)", limit: 2)
    if container.name == nil, container.id != nil, names.count == 1 { container.name = names[0] }
  }
}
