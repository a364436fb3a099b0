import Foundation

/// Compiles the BPF programs and writes them, and the sample recording, as constants of a Swift file:
/// `EmbedBPF CLANG OBJCOPY SOURCE.bpf.c SAMPLE OUTPUT.swift`.
///
/// Each becomes a base64 `StaticString`, which the compiler takes at any size at once; an array literal of bytes
/// would be type-checked element by element.
@main
struct EmbedBPF {
  #if arch(x86_64)
    static let architecture = "x86"
  #elseif arch(arm64)
    static let architecture = "arm64"
  #endif

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 6 else { throw EmbedError("expected CLANG OBJCOPY SOURCE SAMPLE OUTPUT") }
    let (clang, objcopy, source, sample, output) = (
      arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]
    )
    let object = output + ".o"
    // -g is what makes clang emit BTF and CO-RE relocations; the DWARF that comes with it goes again at once.
    try run(
      clang,
      [
        "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
        "-D__TARGET_ARCH_\(architecture)", "-I/usr/include", "-c", source, "-o", object,
      ])
    try run(objcopy, ["--strip-debug", object])
    let swift = """
      /// Files embedded at build time, in base64.
      enum EmbeddedFiles {
        static let bpfObject: StaticString = "\(try base64(object))"
        static let sampleRecording: StaticString = "\(try base64(sample))"
      }

      """
    try swift.write(toFile: output, atomically: true, encoding: .utf8)
  }

  static func base64(_ file: String) throws -> String {
    try Data(contentsOf: URL(filePath: file)).base64EncodedString()
  }

  static func run(_ program: String, _ arguments: [String]) throws {
    let process = try Process.run(URL(filePath: program), arguments: arguments)
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw EmbedError("\(program) failed; its message is above") }
  }
}

struct EmbedError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
