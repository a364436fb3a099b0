import Foundation

/// What libFuzzer tries inputs on. It ends the process where something is not as it must be.
protocol FuzzTarget: AnyObject {
  func take(_ input: UnsafeRawBufferPointer) throws
}

/// All targets, by the names that `tools/fuzz` knows them by.
private let targets: [String: @Sendable () throws -> any FuzzTarget] = [
  "recording": { try RecordingTarget() },
  "records": { try RecordsTarget() },
  "events": { try EventsTarget() },
  "cgroups": { CgroupsTarget() },
  "runtimes": { try RuntimesTarget() },
]

/// The one that `FUZZ_TARGET` names. libFuzzer calls from one thread alone.
private nonisolated(unsafe) let target: any FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  guard let make = targets[name] else {
    fatalError("FUZZ_TARGET='\(name)': expected one of \(targets.keys.sorted().joined(separator: ", "))")
  }
  do { return try make() } catch { fatalError("\(name): \(error)") }
}()

/// libFuzzer's loop, which takes its command line (https://llvm.org/docs/LibFuzzer.html).
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ takeInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
enum Fuzz {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      runFuzzer(&count, &arguments) { data, count in
        do {
          try target.take(UnsafeRawBufferPointer(start: data, count: count))
        } catch {
          fatalError("threw \(error)")
        }
        return 0
      })
  }
}
