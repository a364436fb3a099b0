import Foundation

@main
struct Program {
  static let usage = """
    usage: connect-workload run --truth FILE [--only CASE[,CASE]] [--burst N]
           connect-workload run --list
           connect-workload load [--connects N] [--warmup N] [--rate N] [--seconds N] [--open N]
                                 [--per-process N [--cgroups]]
           connect-workload delays < ROWS
           connect-workload check --truth FILE --rows FILE --probe NAME [--skipped-hooks N] [--summary]
           connect-workload check --peer --truth FILE --rows FILE [--summary]
    """

  static func main() {
    do {
      exit(try run(Array(CommandLine.arguments.dropFirst())) ? 0 : 1)
    } catch let error as UsageError {
      complain("connect-workload: \(error.what)\n\(usage)")
      exit(64)
    } catch {
      complain("connect-workload: \(error)")
      exit(1)
    }
  }

  private static func run(_ words: [String]) throws -> Bool {
    var options = try Options(words.dropFirst())
    switch words.first {
    case "run": return try makeTruth(&options)
    case "check": return try checkRows(&options)
    case "load": return try makeLoad(&options)
    case "delays":
      try options.end()
      var delays = Delays()
      try delays.run()
      return true
    case "scene":
      guard words.count == 4, let group = Group(rawValue: words[1]), let burst = Int(words[3]) else {
        throw UsageError(what: "scene is not for you")
      }
      try SceneProgram.run(
        group: group, cases: Set(words[2].split(separator: ",").map(String.init)), burst: burst)
      return true
    default: throw UsageError(what: "run or check?")
    }
  }

  private static func makeTruth(_ options: inout Options) throws -> Bool {
    let known = Group.allCases.flatMap(\.cases).map(\.name)
    if options.flag("--list") {
      for name in known { print(name) }
      return true
    }
    let only = Set((options.value("--only") ?? "").split(separator: ",").map(String.init))
    if let stranger = only.first(where: { !known.contains($0) }) {
      throw UsageError(what: "no case \(stranger)")
    }
    let word = options.value("--burst") ?? "2000"
    guard let burst = Int(word), (0...10_000).contains(burst) else {
      throw UsageError(what: "--burst \(word): 0 to 10000")
    }
    let program = RunProgram(truth: try options.needed("--truth"), only: only, burst: burst)
    try options.end()
    return try program.run()
  }

  private static func makeLoad(_ options: inout Options) throws -> Bool {
    let load = Load(
      open: try options.number("--open", 0), perProcess: try options.number("--per-process", 0),
      inCgroups: options.flag("--cgroups"),
      connects: try options.number("--connects", 10_000), warmup: try options.number("--warmup", 100),
      rate: try options.number("--rate", 0), seconds: try options.number("--seconds", 60))
    try options.end()
    try load.run()
    return true
  }

  private static func checkRows(_ options: inout Options) throws -> Bool {
    let truth = try Truth(contentsOf: try options.needed("--truth"))
    let rows = try options.needed("--rows")
    let isSummary = options.flag("--summary")
    if options.flag("--peer") {
      try options.end()
      return try PeerCheck(truth: truth).run(table: rows, isSummary: isSummary)
    }
    let probe = try options.needed("--probe")
    let skippedHooks = try options.number("--skipped-hooks", 0)
    try options.end()
    var check = RowCheck(truth: truth, rows: try Row.read(rows), probe: probe, skippedHooks: skippedHooks)
    return check.run(isSummary: isSummary)
  }

  private static func complain(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}
