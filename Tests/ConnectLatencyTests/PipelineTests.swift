import Testing

@testable import ConnectLatency

@Suite("Stages in a row")
struct PipelineTests {
  private static let ports: [UInt16] = [80, 81, 443, 80, 82, 80]

  private static func send(_ ports: [UInt16], along pipeline: Pipeline) throws {
    for port in ports {
      var connection = Connection.sample(.sample(port: port))
      try pipeline.process(&connection)
    }
  }

  @Test("What a stage drops no later one sees, and both are counted")
  func counts() throws {
    let (before, after) = (Collector(), Collector())
    let pipeline = Pipeline([before, Filter { $0.destinationPort != 80 }, after])
    try Self.send(Self.ports, along: pipeline)
    #expect(before.connections.map(\.destinationPort) == Self.ports)
    #expect(after.connections.map(\.destinationPort) == [81, 443, 82])
    #expect(pipeline.shown == 3 && pipeline.filtered == 3)
    #expect(!pipeline.isStopped)
  }

  @Test("A row of no stages shows everything")
  func empty() throws {
    let pipeline = Pipeline([])
    try Self.send(Self.ports, along: pipeline)
    #expect(pipeline.shown == 6 && pipeline.filtered == 0)
  }

  @Test("A limit stops after exactly so many, and what comes then goes nowhere", arguments: [1, 2, 5, 6, 7])
  func limit(count: Int) throws {
    let collector = Collector()
    let pipeline = Pipeline([CountLimit(count), collector])
    try Self.send(Self.ports, along: pipeline)
    #expect(collector.connections.map(\.destinationPort) == Array(Self.ports.prefix(count)))
    #expect(pipeline.shown == UInt64(min(count, 6)) && pipeline.filtered == 0)
    #expect(pipeline.isStopped == (count <= 6))
  }

  @Test("What a filter before the limit drops does not count")
  func limitAfterFilter() throws {
    let collector = Collector()
    let pipeline = Pipeline([Filter.destinationPort(in: [80...80]), CountLimit(2), collector])
    try Self.send(Self.ports, along: pipeline)
    #expect(collector.connections.count == 2)
    #expect(pipeline.shown == 2 && pipeline.filtered == 2 && pipeline.isStopped)
  }

  /// A stage as a user of the library writes one.
  private final class DoublePort: StartStage {
    func started(_ start: inout StartRecord) { start.comm = Comm("seen".utf8) }

    func process(_ connection: inout Connection) -> Verdict {
      connection.start.cgroupID = UInt64(connection.destinationPort) * 2
      return connection.destinationPort == 443 ? .drop : .pass
    }
  }

  @Test("A stage of one's own sees starts and connections, changes and drops them")
  func ownStage() throws {
    let collector = Collector()
    let records: [Record] = [80, 443, 81].flatMap { port -> [Record] in
      [.start(.sample(port: port)), .end(.sample(.response, port: port))]
    }
    let tracer = Tracer(source: FakeSource([records]), pipeline: Pipeline([DoublePort(), collector]))
    try tracer.run()
    #expect(collector.connections.map(\.start.cgroupID) == [160, 162])
    #expect(collector.connections.allSatisfy { $0.start.comm.description == "seen" })
    #expect(tracer.statistics.rowsShown == 2 && tracer.statistics.rowsFiltered == 1)
  }

  @Test("Every stage is told to flush")
  func flush() throws {
    let (first, second) = (Collector(), Collector())
    try Pipeline([first, Filter { _ in false }, second]).flush()
    #expect(first.flushes == 1 && second.flushes == 1)
  }
}
