import Foundation
import Testing

@testable import ConnectLatency

@Suite("The BPF programs")
struct BPFProgramsTests {
  private struct Unavailable: Error, CustomStringConvertible {
    let description: String
  }

  private static let package = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The toolchain's clang, which lies beside its swift.
  private static func clang() throws -> URL {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for directory in path.split(separator: ":") {
      let swift = URL(filePath: String(directory)).appending(path: "swift").resolvingSymlinksInPath()
      let clang = swift.deletingLastPathComponent().appending(path: "clang")
      let isThere = [swift, clang].allSatisfy { FileManager.default.isExecutableFile(atPath: $0.path()) }
      if isThere { return clang }
    }
    throw Unavailable(description: "no clang beside a swift on PATH: put the toolchain's usr/bin into PATH")
  }

  @Test("They compile for every architecture, without a warning", arguments: ["x86", "arm64"])
  func compiles(architecture: String) throws {
    let object = try TemporaryFile()
    let process = Process()
    process.executableURL = try Self.clang()
    process.arguments = [
      "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
      "-D__TARGET_ARCH_\(architecture)", "-I/usr/include", "-c",
      Self.package.appending(path: "bpf/connect.bpf.c").path(), "-o", object.path,
    ]
    let messages = Pipe()
    process.standardError = messages
    try process.run()
    let said = try messages.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
    // An ELF file of machine 247, EM_BPF.
    #expect(try object.bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]))
    #expect(try object.bytes.dropFirst(18).prefix(2).elementsEqual([247, 0]))
  }

  @Test("The embedded object is one, and has every program that a probe names", arguments: Probe.allCases)
  func embedded(probe: Probe) {
    let object = Base64.decode(EmbeddedFiles.bpfObject)
    #expect(object.starts(with: [0x7f, 0x45, 0x4c, 0x46]))
    let text = String(decoding: object, as: UTF8.self)
    for program in probe.programs + probe.secondPrograms + probe.optionalPrograms.flatMap(\.programs) {
      #expect(text.contains("\0\(program)\0"), "\(program)")
    }
  }

  @Test(
    "What is embedded is decoded as it was encoded",
    arguments: zip(
      ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "AP/+"] as [StaticString],
      ["", "f", "fo", "foo", "foob", "fooba", "foobar", nil]))
  func base64(encoded: StaticString, decoded: String?) {
    #expect(Base64.decode(encoded) == decoded.map { Array($0.utf8) } ?? [0, 0xff, 0xfe])
  }
}
