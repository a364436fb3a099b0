import Foundation
import PackagePlugin

/// Compiles `bpf/connect.bpf.c` with the toolchain's own clang and embeds the object, and the recording that
/// `replay --sample` plays, as Swift constants: nothing is looked up at run time.
@main
struct CompileBPF: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let bpf = context.package.directoryURL.appending(path: "bpf")
    let source = bpf.appending(path: "connect.bpf.c")
    let sample = context.package.directoryURL.appending(path: "tools/sample/connects.rec")
    let swift = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
    // One command, because SwiftPM takes every output that is not Swift for a resource to be found at run time.
    return [
      .buildCommand(
        displayName: "Compiling connect.bpf.c",
        executable: try context.tool(named: "EmbedBPF").url,
        arguments: [
          try context.tool(named: "clang").url.path(), try context.tool(named: "llvm-objcopy").url.path(),
          source.path(), sample.path(), swift.path(),
        ],
        inputFiles: [source, bpf.appending(path: "record.h"), bpf.appending(path: "kernel.h"), sample],
        outputFiles: [swift])
    ]
  }
}
