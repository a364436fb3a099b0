import Glibc

/// Where libbpf has mapped a ring buffer: a page of positions, then the records, and behind them the records again,
/// for those that go round the end.
enum RingBufferMapping {
  /// Replaces by nothing what of the second mapping no record can reach. A page counts as memory of the process as
  /// often as it is mapped, and the records are the most that this one has.
  /// - Parameter size: of the records, in bytes.
  static func unmapRepetition(size: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    // The longest record is a path.
    let reach = (Int(PATH_MAX) / page + 2) * page
    guard size > reach, let maps = ProcessFiles.text("/proc/self/maps", limit: 1 << 20) else { return }
    for line in maps.split(separator: "\n") where line.hasSuffix("anon_inode:bpf-map") {
      let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard bounds.count == 2, bounds[1] - bounds[0] == UInt(page + 2 * size) else { continue }
      // Reserved, so that nothing else is mapped where libbpf will unmap.
      mmap(
        UnsafeMutableRawPointer(bitPattern: bounds[0] + UInt(page + size + reach)), size - reach, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0)
    }
  }
}
