/// Why a case could not be made.
enum WorkloadError: Error, CustomStringConvertible {
  /// A system call the case needs failed.
  case call(String, Errno)
  /// A command of the set-up failed.
  case command(String, status: Int32, output: String)
  /// The kernel said something else than the case is made for.
  case surprise(String)
  /// This kernel or machine cannot do it.
  case unsupported(String)

  var description: String {
    switch self {
    case .call(let name, let errno): "\(name): \(errno)"
    case .command(let line, let status, let output): "`\(line)` exited with \(status): \(output)"
    case .surprise(let what): what
    case .unsupported(let why): why
    }
  }
}

/// Throws what `call` left in errno if it returned less than 0.
@discardableResult
func check(_ result: Int32, _ call: @autoclosure () -> String) throws -> Int32 {
  let errno = Errno.current
  guard result >= 0 else { throw WorkloadError.call(call(), errno) }
  return result
}
