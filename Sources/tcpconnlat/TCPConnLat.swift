import ArgumentParser
import CLinux

/// The command line: `tcpconnlat [MIN_MS] [options]` traces, and two subcommands do the rest.
@main
struct TCPConnLat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tcpconnlat", version: "1.0.0", subcommands: [Trace.self, Replay.self, Doctor.self],
    defaultSubcommand: Trace.self)

  /// Runs the command; whatever goes wrong becomes one line and the exit code of `sysexits.h` that fits.
  static func main() {
    // The kernel's types are megabytes that come and go while hooks are loaded. Once one of these has been freed, glibc
    // would take the next from what it keeps for itself.
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    do {
      try StandardDescriptors.check()
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Failure(error).exit()
    }
  }
}
