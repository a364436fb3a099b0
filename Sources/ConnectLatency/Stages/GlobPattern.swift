import Glibc

/// A pattern in which `*` stands for any text, also with slashes in it, and `?` for one character.
public struct GlobPattern: Sendable {
  private let pattern: String

  public init(_ pattern: String) {
    self.pattern = pattern
  }

  /// Whether all of `text` is as the pattern says (`fnmatch(3)`).
  public func matches(_ text: String) -> Bool {
    fnmatch(pattern, text, 0) == 0
  }
}
