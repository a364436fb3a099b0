/// A user of the host whose containers run without root.
struct HostUser {
  let uid: Substring
  /// The home directory, relative to the root.
  let home: String

  /// The user in whose slice a cgroup lies: `/user.slice/user-1000.slice/…`.
  init?(cgroupPath: String, files: HostFiles) {
    let slice = cgroupPath.split(separator: "/").first { $0.hasPrefix("user-") && $0.hasSuffix(".slice") }
    guard let uid = slice?.dropFirst(5).dropLast(6), UInt32(uid) != nil,
      let passwd = files.bytes("etc/passwd", limit: 1 << 20)
    else { return nil }
    for line in String(decoding: passwd, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count >= 6, fields[2] == uid, fields[5].hasPrefix("/") else { continue }
      self.uid = uid
      home = String(fields[5].drop { $0 == "/" })
      return
    }
    return nil
  }
}
