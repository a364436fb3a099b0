import Benchmark
import ConnectLatency
import SystemPackage

/// A thousand times in each sample.
private var configuration: Benchmark.Configuration {
  Benchmark.Configuration(metrics: [.wallClock], scalingFactor: .kilo, maxDuration: .seconds(2))
}

let benchmarks: @Sendable () -> Void = {
  pairing()
  filters()
  rows()
}

private func pairing() {
  for open in [0, 10_000, 100_000] {
    Benchmark("pair a start and its end, \(open) others open", configuration: configuration) { benchmark in
      var pairer = Pairer()
      for sock in 0..<open { pairer.begin(Sample.start(sock: 0x1000_0000 + UInt64(sock) * 2304)) }
      let (start, end) = (Sample.start(sock: 64), Sample.end(sock: 64))
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        pairer.begin(start)
        blackHole(pairer.end(end))
      }
    }
  }
}

private func filters() {
  let filters: [(String, any Stage)] = [
    ("latency", Filter.latency(atLeast: 1)),
    ("outcome", Filter.outcome([.established, .refused])),
  ]
  for (name, filter) in filters {
    Benchmark("filter by \(name)", configuration: configuration) { benchmark in
      var connection = try Sample.connection()
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(try filter.process(&connection)) }
    }
  }
}

private func rows() {
  let sinks: [(String, (FileDescriptor) throws -> any Stage)] = [
    ("table", { try TableSink(to: $0) }),
    ("JSON", { JSONSink(to: $0) }),
  ]
  for (name, make) in sinks {
    Benchmark("write a row as \(name)", configuration: configuration) { benchmark in
      let nowhere = try FileDescriptor.open("/dev/null", .writeOnly)
      defer { try? nowhere.close() }
      let sink = try make(nowhere)
      var connection = try Sample.connection()
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { _ = try sink.process(&connection) }
      try sink.flush()
    }
  }
}
