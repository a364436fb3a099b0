import FoundationEssentials

/// Docker's `config.v2.json`, as far as it matters here.
struct DockerConfig: Decodable {
  let name: String?

  enum CodingKeys: String, CodingKey { case name = "Name" }
}

/// Docker's `daemon.json`, as far as it matters here.
struct DockerDaemon: Decodable {
  let dataRoot: String?

  enum CodingKeys: String, CodingKey { case dataRoot = "data-root" }
}

/// One of those in `containers.json`, which podman and CRI-O share.
struct StoredContainer: Decodable {
  let id: String
  let names: [String]?
}

/// The `config.json` that a runtime is started with, as far as it matters here.
struct RuntimeConfig: Decodable {
  let annotations: [String: String]?
}

/// crun's `status`, as far as it matters here.
struct CrunStatus: Decodable {
  let cgroupPath: String?

  enum CodingKeys: String, CodingKey { case cgroupPath = "cgroup-path" }
}

/// An element of a list; one that is not as expected does not spoil the rest.
struct Lenient<Value: Decodable>: Decodable {
  let value: Value?

  init(from decoder: any Swift.Decoder) {
    value = try? Value(from: decoder)
  }
}

extension HostFiles {
  /// What a JSON file holds; nil when it is not there or not as expected.
  func json<Value: Decodable>(_ path: String, limit: Int, as type: Value.Type) -> Value? {
    guard let bytes = bytes(path, limit: limit) else { return nil }
    return try? JSONDecoder().decode(type, from: Data(bytes))
  }
}
