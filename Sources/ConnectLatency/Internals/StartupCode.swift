import CLinux

/// The code that a program begins with: it reads the command line once, and is most of what has been touched by then.
enum StartupCode {
  /// Gives back the pages of code that are mapped. What is needed again is mapped again, from the page cache.
  ///
  /// It makes room for the kernel's types, of which libbpf has two copies for a moment: that is the most memory that
  /// tracing ever takes.
  static func release() {
    clinux_release_code()
  }
}
