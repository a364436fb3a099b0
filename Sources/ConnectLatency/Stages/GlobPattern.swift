import Glibc

/// A pattern in which `*` stands for any text, also with slashes in it, and `?` for one character. All else, brackets
/// and backslashes too, is itself.
public struct GlobPattern: Sendable {
  /// As `fnmatch(3)` takes it, to which an open bracket is itself only among others in brackets.
  private let pattern: String

  public init(_ pattern: String) {
    self.pattern = pattern.split(separator: "[", omittingEmptySubsequences: false).joined(separator: "[[]")
  }

  /// Whether all of `text` is as the pattern says (`fnmatch(3)`). A backslash is itself, for systemd puts them into
  /// the names of units: `system-systemd\x2dcoredump.slice`.
  public func matches(_ text: String) -> Bool {
    fnmatch(pattern, text, FNM_NOESCAPE) == 0
  }

  /// Whether it is a container's id as the pattern says, or begins with the pattern. Fewer than four digits are no
  /// beginning: `db` is a name.
  func matches(id: String) -> Bool {
    if matches(id) { return true }
    return pattern.utf8.count >= 4 && ContainerPath.isID(id) && id.hasPrefix(pattern)
  }
}

/// The name of a task, or a pattern for such names.
public enum CommPattern: Sendable {
  case name(Comm)
  case glob(GlobPattern)

  /// A pattern if there is a `*` in `text`, else a name, of which the kernel keeps fifteen bytes.
  public init(_ text: String) {
    self = text.contains("*") ? .glob(GlobPattern(text)) : .name(Comm(text.utf8))
  }

  /// Whether a task of that name is meant.
  public func matches(_ comm: Comm) -> Bool {
    switch self {
    case .name(let name): name == comm
    case .glob(let pattern): pattern.matches(comm.description)
    }
  }
}
