// swift-tools-version: 6.1
// The arrows between these targets are the architecture: see ARCHITECTURE.md. No cycles; one Swift module a C library.

import PackageDescription

let package = Package(
  name: "croco",
  products: [
    .executable(name: "croco", targets: ["croco"]),
    // For Benchmarks/kernels.
    .library(name: "CrocoTensors", targets: ["Tensors", "CKernels"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    // C libraries: a module map and static inline wrappers each.
    .systemLibrary(
      name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"]), .yum(["openmpi-devel"])]),
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5-serial", providers: [.apt(["libhdf5-dev"]), .yum(["hdf5-devel"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .yum(["openblas-devel"])]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"]), .yum(["turbojpeg-devel"])]),
    .systemLibrary(
      name: "CSpng", pkgConfig: "spng", providers: [.apt(["libspng-dev"]), .yum(["libspng-devel"])]),
    .systemLibrary(
      name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"]), .yum(["xxhash-devel"])]),
    .target(name: "CKernels"),
    .target(name: "CGEMM"),
    // oneDNN is optional: its header is looked for when croco is built, its library where bf16 needs it.
    .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),

    .target(name: "Storage", dependencies: ["CXXHash"]),
    .target(name: "Tensors", dependencies: ["Storage", "COpenBLAS", "COneDNN", "CGEMM", "CKernels"]),
    .target(name: "CroCoModel", dependencies: ["Storage", "Tensors", "CKernels"]),
    .target(
      name: "PairData", dependencies: ["Storage", "Tensors", "CHDF5", "CTurboJPEG", "CSpng", "CKernels"]),
    .target(name: "PairMining", dependencies: ["PairData", "Storage", "Tensors", "CKernels"]),
    .target(name: "Collectives", dependencies: ["Storage", "Tensors", "CMPI", "CKernels"]),
    .target(
      name: "Training",
      dependencies: [
        "Storage", "Tensors", "CroCoModel", "PairData", "Collectives", "CKernels", "Yams",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "croco",
      dependencies: [
        "Training", "PairMining", "PairData", "CroCoModel", "Collectives", "Storage", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    .target(name: "TestSupport", dependencies: ["Storage", "Tensors"], path: "Tests/TestSupport"),
    .testTarget(name: "StorageTests", dependencies: ["Storage", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CGEMM", "CKernels", "TestSupport"]),
    .testTarget(
      name: "CroCoModelTests", dependencies: ["CroCoModel", "Storage", "Tensors", "TestSupport", "CKernels"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "PairDataTests", dependencies: ["PairData", "CKernels", "Storage", "Tensors", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "PairMiningTests", dependencies: ["PairMining", "PairData", "Storage", "Tensors", "TestSupport"]),
    .executableTarget(
      name: "collectives-check",
      dependencies: [
        "Collectives", "Storage", "Tensors", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Helpers/CollectivesCheck"),
    .testTarget(
      name: "CollectivesTests", dependencies: ["Collectives", "TestSupport", "Tensors", "collectives-check"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "PairData", "Collectives", "CroCoModel", "Storage", "Tensors", "TestSupport", "croco",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "CommandLineTests", dependencies: ["croco", "CroCoModel", "PairData", "Storage", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
