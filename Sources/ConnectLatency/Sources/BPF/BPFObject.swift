import CConnectRecord
import CLibBPF
import Glibc
import Synchronization

/// The BPF programs of one probe: opened, loaded, attached, and gone with this object.
final class BPFObject {
  private let object: OpaquePointer
  private var links: [OpaquePointer] = []
  private let programs: [String: OpaquePointer]

  /// Opens the embedded object with just the programs of `names` to be loaded.
  /// - Throws: `BPFError` with what libbpf said.
  init(programs names: [String], settings: settings, bufferSize: Int) throws(BPFError) {
    LibBPFMessages.collect()
    let bytes = Self.embeddedObject
    let opened = bytes.withUnsafeBytes { bpf_object__open_mem($0.baseAddress, $0.count, nil) }
    guard let opened else { throw BPFError(doing: "open the BPF object", errno: errno) }
    object = opened

    var programs: [String: OpaquePointer] = [:]
    var program: OpaquePointer? = bpf_object__next_program(opened, nil)
    while let current = program {
      let name = String(cString: bpf_program__name(current))
      if names.contains(name) { programs[name] = current }
      bpf_program__set_autoload(current, names.contains(name))
      program = bpf_object__next_program(opened, current)
    }
    self.programs = programs
    bpf_map__set_max_entries(bpf_object__find_map_by_name(opened, "records"), UInt32(bufferSize))
    setInitialValue(of: ".rodata.settings", to: settings)
  }

  deinit {
    detach()
    bpf_object__close(object)
  }

  /// Creates the maps and has the kernel verify the programs.
  /// - Throws: `BPFError` with the verifier's or libbpf's last words.
  func load() throws(BPFError) {
    StartupCode.release()
    let result = bpf_object__load(object)
    if result < 0 { throw BPFError(doing: "load the BPF programs", errno: -result) }
  }

  /// Attaches one program to its hook.
  /// - Throws: `BPFError` when the kernel has no such hook.
  func attach(_ name: String) throws(BPFError) {
    guard let program = programs[name], let link = bpf_program__attach(program) else {
      throw BPFError(doing: "attach \(name)", errno: errno)
    }
    links.append(link)
  }

  /// Takes all programs off their hooks. What they have emitted can still be read.
  func detach() {
    for link in links { bpf_link__destroy(link) }
    links.removeAll()
  }

  /// How often the kernel has not run a program because one was running on that CPU already; nil where it does not
  /// tell (Linux before 5.12).
  var recursionMisses: UInt64? {
    var sum: UInt64 = 0
    for program in programs.values {
      var info = bpf_prog_info()
      var size = UInt32(MemoryLayout<bpf_prog_info>.size)
      guard bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0,
        Int(size) > MemoryLayout<bpf_prog_info>.offset(of: \.recursion_misses)!
      else { return nil }
      sum += info.recursion_misses
    }
    return sum
  }

  /// The descriptor of a map, which lives as long as this object.
  func descriptor(of map: String) -> CInt {
    bpf_object__find_map_fd_by_name(object, map)
  }

  private func setInitialValue<Value: BitwiseCopyable>(of map: String, to value: Value) {
    let result = withUnsafeBytes(of: value) { bytes in
      bpf_map__set_initial_value(bpf_object__find_map_by_name(object, map), bytes.baseAddress, bytes.count)
    }
    assert(result == 0, "\(map) is not what record.h says")
  }

  /// The compiled `connect.bpf.c`.
  private static var embeddedObject: [UInt8] { Base64.decode(EmbeddedFiles.bpfObject) }
}

/// What libbpf could not do, in its own words.
struct BPFError: Error {
  let doing: String
  let errno: CInt
  let messages: [String]

  init(doing: String, errno: CInt) {
    self.doing = doing
    self.errno = errno
    messages = LibBPFMessages.take()
  }

  /// One line: what failed and the errno.
  var reason: String { "cannot \(doing): \(String(cString: strerror(errno)))" }
}

/// The lines that libbpf prints, kept instead of printed: they say why something failed.
enum LibBPFMessages {
  private static let lines = Mutex<[String]>([])

  static func collect() {
    _ = take()
    clibbpf_set_receiver { level, line in
      guard let line else { return }
      let text = String(cString: line)
      LibBPFMessages.lines.withLock { lines in
        if lines.count >= 2000 { lines.removeFirst(1000) }
        lines.append(text.hasSuffix("\n") ? String(text.dropLast()) : text)
      }
    }
  }

  static func take() -> [String] {
    lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }
}
