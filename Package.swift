// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "tcpconnlat",
  products: [
    .library(name: "ConnectLatency", targets: ["ConnectLatency"]),
    .executable(name: "tcpconnlat", targets: ["tcpconnlat"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .systemLibrary(name: "CConnectRecord", path: "bpf"),
    .systemLibrary(
      name: "CLibBPF", path: "Sources/CLibBPF", providers: [.apt(["libbpf-dev", "libelf-dev"])]),
    .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
    .systemLibrary(
      name: "CTraceFS", path: "Sources/CTraceFS", pkgConfig: "libtracefs",
      providers: [.apt(["libtracefs-dev", "libtraceevent-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/CZlib", providers: [.apt(["zlib1g-dev"])]),

    .target(
      name: "ConnectLatency",
      dependencies: [
        "CConnectRecord", "CLibBPF", "CLinux", "CTraceFS", "CZlib",
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["README.md", "Sources/Recording/FORMAT.md"],
      plugins: ["CompileBPF"]),
    .executableTarget(
      name: "tcpconnlat",
      dependencies: [
        "CLinux", "ConnectLatency",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),

    .plugin(
      name: "CompileBPF", capability: .buildTool(), dependencies: ["EmbedBPF"], path: "tools/CompileBPF"),
    .executableTarget(name: "EmbedBPF", path: "tools/EmbedBPF"),

    .testTarget(
      name: "ConnectLatencyTests",
      dependencies: [
        "ConnectLatency", "CConnectRecord",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["Recordings"]),
    .systemLibrary(name: "CWorkload", path: "Tests/CWorkload"),
    .executableTarget(name: "connect-workload", dependencies: ["CWorkload"], path: "Tests/Workload"),
    .testTarget(
      name: "CommandLineTests", dependencies: ["ConnectLatency", "tcpconnlat", "connect-workload"]),
  ],
  swiftLanguageModes: [.v6]
)
