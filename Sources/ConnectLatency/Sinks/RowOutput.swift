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
  /// Waits until the reader of a descriptor reads again; nil where a write may as well wait itself.
  var waitForReader: ((CInt) -> Void)?

  private let hasReader: Bool

  init(descriptor: FileDescriptor, name: String) {
    self.descriptor = descriptor
    self.name = name
    hasReader = Self.hasReader(descriptor)
  }

  /// Writes all of `bytes`; after a failure, counts their lines instead.
  /// - Throws: `SinkError.readerGone` after EPIPE, `SinkError.write` after any other error; that once.
  func write(_ bytes: UnsafeRawBufferPointer) throws(SinkError) {
    var rest = bytes[...]
    if isBroken { return countUnwritten(rest) }
    while !rest.isEmpty {
      do {
        let written = try descriptor.write(UnsafeRawBufferPointer(rebasing: nextPart(of: rest)))
        rest = rest.dropFirst(written)
      } catch Errno.wouldBlock {
        // Somebody has made the descriptor non-blocking, which it is for all who share it.
        DescriptorWait.untilWritable(descriptor.rawValue)
      } catch Errno.brokenPipe {
        countUnwritten(rest)
        throw .readerGone
      } catch {
        countUnwritten(rest)
        throw .write(to: name, error as? Errno ?? .ioError)
      }
    }
  }

  /// What can be written without waiting, once there is such.
  private func nextPart(of rest: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    guard hasReader, let waitForReader else { return rest }
    var ready = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
    if poll(&ready, 1, 0) == 0 { waitForReader(descriptor.rawValue) }
    // A pipe that poll(2) says can be written to has room for this.
    return rest.prefix(Int(PIPE_BUF))
  }

  /// A line that is cut has its end in what is left.
  private func countUnwritten(_ rest: Slice<UnsafeRawBufferPointer>) {
    isBroken = true
    unwrittenLines += UInt64(rest.count { $0 == UInt8(ascii: "\n") })
  }

  /// Whether somebody reads what is written: a pipe, a socket, a terminal. A file takes it all at once.
  private static func hasReader(_ descriptor: FileDescriptor) -> Bool {
    var status = stat()
    guard fstat(descriptor.rawValue, &status) == 0 else { return false }
    return [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) || isatty(descriptor.rawValue) == 1
  }
}

/// A sink that writes to a descriptor.
protocol DescriptorSink: Stage {
  var output: RowOutput { get }
}

extension TextBuffer {
  /// Writes what is in it and empties it, whatever comes of that.
  mutating func write(to output: RowOutput) throws(SinkError) {
    guard count > 0 else { return }
    defer { removeAll() }
    try output.write(contents)
  }
}
