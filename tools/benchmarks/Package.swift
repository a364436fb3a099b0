// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that who uses the library does not get what measures it.
let package = Package(
  name: "benchmarks",
  dependencies: [
    .package(name: "tcpconnlat", path: "../.."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .executableTarget(
      name: "PipelineBenchmarks",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "ConnectLatency", package: "tcpconnlat"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Benchmarks/PipelineBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
