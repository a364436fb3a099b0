import Foundation
import Synchronization

/// Where a thread leaves its result.
private final class ResultBox<R: Sendable>: Sendable {
  let result = Mutex<Result<R, any Error>?>(nil)
  let finished = DispatchSemaphore(value: 0)
}

/// Work that runs on a thread of its own.
struct Work<R: Sendable>: Sendable {
  private let box = ResultBox<R>()

  init(_ body: @escaping @Sendable () throws -> R) {
    let box = self.box
    let thread = Thread {
      let result = Result { try body() }
      box.result.withLock { $0 = result }
      box.finished.signal()
    }
    thread.start()
  }

  /// Waits for its end.
  func join() throws -> R {
    box.finished.wait()
    guard let result = box.result.withLock({ $0 }) else {
      throw WorkloadError.surprise("a thread ended without a result")
    }
    return try result.get()
  }
}

/// Tells another thread that something has happened. To wait for it with a limit takes a clock, and a semaphore's may be
/// set; a sleep's may not.
final class Flag: Sendable {
  private let value = Atomic(false)

  var isRaised: Bool { value.load(ordering: .acquiring) }

  func raise() { value.store(true, ordering: .releasing) }
}

/// Runs something on a new thread, and waits for it.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) throws -> R {
  try Work(body).join()
}

/// Sleeps in the calling thread.
func sleep(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
