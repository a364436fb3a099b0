import Glibc
import SystemPackage

/// Where rows go: a descriptor that somebody else opened and closes.
final class RowOutput {
  let descriptor: FileDescriptor
  let name: String
  /// How many lines did not come through whole.
  private(set) var unwrittenLines: UInt64 = 0
  /// Whether a write has failed. What comes later would be glued to the line that was cut there, so it is only counted.
  private(set) var isBroken = false

  init(descriptor: FileDescriptor, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Writes all of `bytes`; after a failure, counts their lines instead.
  /// - Throws: `SinkError.readerGone` after EPIPE, `SinkError.write` after any other error; that once.
  func write(_ bytes: UnsafeRawBufferPointer) throws(SinkError) {
    var rest = bytes[...]
    if isBroken { return countUnwritten(rest) }
    while !rest.isEmpty {
      do {
        let written = try descriptor.write(UnsafeRawBufferPointer(rebasing: rest))
        rest = rest.dropFirst(written)
      } catch Errno.wouldBlock {
        // Somebody has made the descriptor non-blocking, which it is for all who share it.
        var ready = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } catch Errno.brokenPipe {
        countUnwritten(rest)
        throw .readerGone
      } catch {
        countUnwritten(rest)
        throw .write(to: name, error as? Errno ?? .ioError)
      }
    }
  }

  /// A line that is cut has its end in what is left.
  private func countUnwritten(_ rest: Slice<UnsafeRawBufferPointer>) {
    isBroken = true
    unwrittenLines += UInt64(rest.count { $0 == UInt8(ascii: "\n") })
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
