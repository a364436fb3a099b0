// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that whoever uses the library does not get it. `tools/fuzz` builds and runs it.
let package = Package(
  name: "Fuzz",
  dependencies: [
    .package(name: "tcpconnlat", path: "../.."),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [
        .product(name: "ConnectLatency", package: "tcpconnlat"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Targets")
  ],
  swiftLanguageModes: [.v6]
)
