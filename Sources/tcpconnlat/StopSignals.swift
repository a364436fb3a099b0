import Glibc

/// The descriptor that the signal handler writes to; a handler can have no context of its own.
private nonisolated(unsafe) var stopWriteEnd: CInt = -1

/// Turns SIGINT, SIGTERM and SIGHUP into a descriptor that becomes readable, and SIGPIPE into EPIPE.
///
/// The second signal ends the program at once: somebody may be in a hurry while a slow reader takes the last rows.
struct StopSignals: ~Copyable {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Readable once a signal has arrived.
  let descriptor: CInt

  /// - Throws: `Failure` when there are no descriptors left.
  init() throws {
    var ends: (CInt, CInt) = (-1, -1)
    let result = withUnsafeMutablePointer(to: &ends) { pointer in
      pointer.withMemoryRebound(to: CInt.self, capacity: 2) { pipe($0) }
    }
    guard result == 0 else {
      throw Failure("cannot make a pipe: \(String(cString: strerror(errno)))", .osError)
    }
    for end in [ends.0, ends.1] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    descriptor = ends.0
    stopWriteEnd = ends.1

    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in
      var byte: UInt8 = 0
      let number = errno
      _ = write(stopWriteEnd, &byte, 1)
      errno = number
    }
    action.sa_flags = CInt(bitPattern: UInt32(SA_RESETHAND))
    // A parent may have started us with these blocked.
    var stopping = sigset_t()
    sigemptyset(&stopping)
    for signal in Self.signals {
      sigaction(signal, &action, nil)
      sigaddset(&stopping, signal)
    }
    sigprocmask(SIG_UNBLOCK, &stopping, nil)
    Self.ignoreBrokenPipes()
  }

  /// Has a write to a pipe without reader return EPIPE.
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }

  deinit {
    for signalNumber in Self.signals { signal(signalNumber, SIG_DFL) }
    close(stopWriteEnd)
    close(descriptor)
  }
}
