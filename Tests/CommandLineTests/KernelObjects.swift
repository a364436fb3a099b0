import Foundation

/// What a process holds of BPF, by the kernel's ids, and what `bpftool` says of them.
struct KernelObjects {
  private(set) var programs: Set<Int> = []
  private(set) var maps: Set<Int> = []
  private(set) var links: Set<Int> = []

  init(of pid: pid_t) throws {
    for file in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fdinfo") {
      let text = (try? String(contentsOfFile: "/proc/\(pid)/fdinfo/\(file)", encoding: .utf8)) ?? ""
      for line in text.split(separator: "\n") {
        let words = line.split { $0 == ":" || $0 == "\t" }
        guard words.count == 2, let id = Int(words[1]) else { continue }
        // A link tells its program as well.
        switch words[0] {
        case "prog_id": programs.insert(id)
        case "map_id": maps.insert(id)
        case "link_id": links.insert(id)
        default: break
        }
      }
    }
  }

  var areThere: Bool { there.allSatisfy(\.self) }
  var isAnyThere: Bool { there.contains(true) }

  private var there: [Bool] {
    [("prog", programs), ("map", maps), ("link", links)].flatMap { kind, ids in
      let known = Self.known(kind)
      return ids.map { known.contains($0) }
    }
  }

  /// The ids that `bpftool` lists.
  private static func known(_ kind: String) -> Set<Int> {
    let tool = try? RunningTool(program: "/usr/sbin/bpftool", [kind, "list"]).finish(within: 30)
    return Set((tool?.rows ?? []).compactMap { $0.split(separator: ":").first.flatMap { Int($0) } })
  }
}
