/// A container, as far as it is known.
public struct Container: Sendable, Equatable {
  /// Who runs it.
  public enum Runtime: String, Sendable, CaseIterable {
    case docker, podman, containerd, crun, runc, lxc
    case criO = "cri-o"
    case nspawn = "systemd-nspawn"
    case libvirt = "libvirt-lxc"
  }

  /// Who runs it; nil where several runtimes use the same paths and none has left a file.
  public var runtime: Runtime?
  /// The runtime's id: 64 hexadecimal digits, or the name where the runtime knows containers by name alone.
  public var id: String?
  /// The name that people gave it, or Kubernetes' name of the container in its pod.
  public var name: String?
  /// Kubernetes' name of the pod.
  public var pod: String?
  /// Kubernetes' namespace.
  public var namespace: String?
  /// Kubernetes' unique id of the pod, with dashes where it has them.
  public var podUID: String?

  public init(
    runtime: Runtime? = nil, id: String? = nil, name: String? = nil, pod: String? = nil,
    namespace: String? = nil, podUID: String? = nil
  ) {
    self.runtime = runtime
    self.id = id
    self.name = name
    self.pod = pod
    self.namespace = namespace
    self.podUID = podUID
  }

  /// Whether it belongs to a pod of Kubernetes.
  public var isKubernetes: Bool { podUID != nil || pod != nil }

  /// Whether no file could tell more.
  var isNamed: Bool { name != nil && (!isKubernetes || (pod != nil && namespace != nil)) }

  /// The short form: `web (podman)`, `shop/cart-7f9c/app (k8s)`.
  var label: String {
    let shortID = id.map { $0.count == 64 ? String($0.prefix(12)) : $0 }
    if isKubernetes {
      let parts = pod == nil ? [podUID, name ?? shortID] : [namespace, pod, name]
      return parts.compactMap(\.self).joined(separator: "/") + " (k8s)"
    }
    return (name ?? shortID ?? "?") + " (\(runtime?.rawValue ?? "container"))"
  }
}
