import CTraceFS
import Glibc

/// The buffers of all CPUs, read as the kernel writes them: pages of events.
final class TraceFSBuffers {
  private struct CPU {
    let instance: TraceFSInstance
    let number: Int
    let descriptor: CInt
    let reader: OpaquePointer
  }

  private var cpus: [CPU] = []
  private let page: UnsafeMutableRawPointer
  private let parser: OpaquePointer
  private let formats: TraceFSFormats
  /// How many events were lost, by the order of the buffers.
  private var lostByBuffer: [UInt64] = []

  /// - Throws: `TraceFSError` when a buffer cannot be opened.
  init(_ instance: TraceFSInstance, formats: TraceFSFormats) throws(TraceFSError) {
    self.formats = formats
    guard let parser = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST) else {
      throw TraceFSError("allocate a page parser", errno: ENOMEM)
    }
    self.parser = parser
    page = .allocate(byteCount: formats.pageSize, alignment: 16)
    for instance in [instance, instance.callers].compactMap({ $0 }) { try open(instance) }
    lostByBuffer = Array(repeating: 0, count: cpus.count)
  }

  private func open(_ instance: TraceFSInstance) throws(TraceFSError) {
    for number in 0..<instance.cpuCount {
      let descriptor = try instance.openBuffer(cpu: number)
      guard let reader = tracefs_cpu_alloc_fd(descriptor, Int32(formats.pageSize), true) else {
        let error = TraceFSError("read the buffer of CPU \(number)", errno: errno)
        close(descriptor)
        throw error
      }
      cpus.append(CPU(instance: instance, number: number, descriptor: descriptor, reader: reader))
    }
  }

  deinit {
    for cpu in cpus {
      tracefs_cpu_free_fd(cpu.reader)
      close(cpu.descriptor)
    }
    kbuffer_free(parser)
    page.deallocate()
  }

  /// Readable when their CPU has events.
  var descriptors: [CInt] { cpus.map(\.descriptor) }

  /// Hands over all that is there: each CPU's events in order, one CPU after the other.
  func drain(_ body: (TraceEvent) -> Void) {
    for (index, cpu) in cpus.enumerated() {
      while true {
        let size = tracefs_cpu_read(cpu.reader, page, true)
        guard size > 0, kbuffer_load_subbuffer(parser, page) == 0 else { break }
        if kbuffer_missed_events(parser) != 0 { countLost(index) }
        readPage(body)
      }
    }
  }

  /// Counts what was lost after the last event that could be read.
  func countLost() {
    for index in cpus.indices { countLost(index) }
  }

  private func countLost(_ index: Int) {
    lostByBuffer[index] = cpus[index].instance.lostCount(cpu: cpus[index].number)
  }

  /// How many events the buffers had no room for, as far as that was counted.
  var lost: UInt64 { lostByBuffer.reduce(0, +) }

  private func readPage(_ body: (TraceEvent) -> Void) {
    var time: UInt64 = 0
    var data = kbuffer_read_event(parser, &time)
    while let current = data {
      let bytes = UnsafeRawBufferPointer(start: current, count: Int(kbuffer_event_size(parser)))
      if let event = formats.decode(bytes, time: time) { body(event) }
      data = kbuffer_next_event(parser, &time)
    }
  }
}
