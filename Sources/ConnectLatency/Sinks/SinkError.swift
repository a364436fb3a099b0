import SystemPackage

/// Why a sink could not take a row.
public enum SinkError: Error, Equatable {
  /// Whoever reads the rows has gone, as `head` does when it has enough.
  case readerGone
  /// The rows could not be written.
  case write(to: String, Errno)
  /// A sink outside this library failed.
  case other(String)
}

extension SinkError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .readerGone: "the reader of the rows has gone"
    case .write(let file, let errno): "cannot write to \(file): \(errno)"
    case .other(let reason): reason
    }
  }
}
