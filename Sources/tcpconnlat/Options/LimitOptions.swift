import ArgumentParser

/// When a trace ends by itself.
struct LimitOptions: ParsableArguments {
  @Option(
    name: [.customShort("n"), .long], help: ArgumentHelp("End after this many rows.", valueName: "rows"),
    transform: Parse.count)
  var count: Int?

  @Option(
    help: ArgumentHelp("End after this long: 10s, 500ms, 5m, 1h.", valueName: "time"),
    transform: Parse.duration)
  var duration: UInt64?
}
