import Glibc
import SystemPackage

/// Where rows go: a descriptor that somebody else opened and closes.
struct RowOutput {
  let descriptor: FileDescriptor
  let name: String

  /// Writes all of `bytes`.
  /// - Throws: `SinkError.readerGone` after EPIPE, `SinkError.write` after any other error.
  func write(_ bytes: UnsafeRawBufferPointer) throws(SinkError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      do {
        let written = try descriptor.write(UnsafeRawBufferPointer(rebasing: rest))
        rest = rest.dropFirst(written)
      } catch Errno.wouldBlock {
        // Somebody has made the descriptor non-blocking, which it is for all who share it.
        var ready = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } catch Errno.brokenPipe {
        throw .readerGone
      } catch {
        throw .write(to: name, error as? Errno ?? .ioError)
      }
    }
  }
}

extension TextBuffer {
  /// Writes what is in it and empties it, whatever comes of that.
  mutating func write(to output: RowOutput) throws(SinkError) {
    guard count > 0 else { return }
    defer { removeAll() }
    try output.write(contents)
  }
}
