// swift-tools-version: 6.1
// Benchmarks of croco's kernels, a package of its own so that croco does not depend on the benchmark library.

import PackageDescription

let package = Package(
  name: "kernels",
  platforms: [.macOS(.v13)],
  dependencies: [
    .package(name: "croco", path: "../.."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.29.0", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Kernels",
      dependencies: [
        .product(name: "CrocoKernels", package: "croco"), .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Kernels",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
