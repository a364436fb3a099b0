import CLibBPF

/// The running kernel's own description of its types (BTF). Reading it takes no privilege and no BPF program.
final class KernelTypes {
  /// Where a member lies in its struct.
  struct Member: Equatable {
    /// In bytes from the beginning; a bit field counts from the byte that has its first bit.
    var offset: Int
    /// In bytes.
    var size: Int
    /// The first bit of a bit field in its byte.
    var bit: Int
  }

  private let btf: OpaquePointer

  /// nil where the kernel describes no types.
  init?() {
    StartupCode.release()
    guard let btf = btf__load_vmlinux_btf() else { return nil }
    self.btf = btf
  }

  deinit { btf__free(btf) }

  /// Whether the kernel has a tracepoint that `tp_btf` programs can use.
  func has(tracepoint: String) -> Bool {
    btf__find_by_name_kind(btf, "btf_trace_" + tracepoint, UInt32(BTF_KIND_TYPEDEF)) > 0
  }

  /// Whether the kernel has a function that it describes.
  func has(function: String) -> Bool {
    btf__find_by_name_kind(btf, function, UInt32(BTF_KIND_FUNC as CInt)) > 0
  }

  /// The member at `path`, as `["__sk_common", "skc_daddr"]` of `sock`; nil when there is none.
  func member(_ path: [String], of type: String) -> Member? {
    let id = btf__find_by_name_kind(btf, type, UInt32(BTF_KIND_STRUCT))
    guard id > 0 else { return nil }
    var current = UInt32(id)
    var bits = 0
    for name in path {
      guard let found = find(name, in: current) else { return nil }
      bits += found.bits
      current = found.type
    }
    let size = btf__resolve_size(btf, current)
    return Member(offset: bits / 8, size: size > 0 ? Int(size) : 0, bit: bits % 8)
  }

  /// A member by name, also inside members without one.
  private func find(_ name: String, in type: UInt32) -> (bits: Int, type: UInt32)? {
    let id = btf__resolve_type(btf, type)
    guard id > 0, let description = btf__type_by_id(btf, UInt32(id)),
      [UInt16(BTF_KIND_STRUCT), UInt16(BTF_KIND_UNION)].contains(btf_kind(description))
    else { return nil }
    let members = btf_members(description)
    for index in 0..<Int(btf_vlen(description)) {
      guard let member = members?[index] else { return nil }
      let bits = Int(btf_member_bit_offset(description, UInt32(index)))
      let text = btf__name_by_offset(btf, member.name_off).map { String(cString: $0) } ?? ""
      if text == name { return (bits, member.type) }
      if text.isEmpty, let inner = find(name, in: member.type) { return (bits + inner.bits, inner.type) }
    }
    return nil
  }
}
