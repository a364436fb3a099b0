extension RecordingFormat.ContainerField {
  /// What a container has for this field.
  func value(in container: Container, unit: String?) -> String? {
    switch self {
    case .runtime: container.runtime?.rawValue
    case .id: container.id
    case .name: container.name
    case .pod: container.pod
    case .namespace: container.namespace
    case .podUID: container.podUID
    case .unit: unit
    }
  }
}

extension Cgroup {
  /// Reads the fields of a `container` entry for the cgroup at `path`. Fields of unknown tag are passed over.
  convenience init(path: String, fields: UnsafeRawBufferPointer) {
    var container = Container()
    var unit: String?
    var rest = fields[...]
    while rest.count >= 2 {
      let (tag, length) = (rest[rest.startIndex], Int(rest[rest.startIndex + 1]))
      rest = rest.dropFirst(2)
      let text = String(decoding: rest.prefix(length), as: UTF8.self)
      rest = rest.dropFirst(length)
      switch RecordingFormat.ContainerField(rawValue: tag) {
      case .runtime: container.runtime = Container.Runtime(rawValue: text)
      case .id: container.id = text
      case .name: container.name = text
      case .pod: container.pod = text
      case .namespace: container.namespace = text
      case .podUID: container.podUID = text
      case .unit: unit = text
      case nil: break
      }
    }
    self.init(path: path, container: container, unit: unit)
  }
}
