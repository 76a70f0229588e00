// swift-tools-version: 6.1
// The arrows between these targets are the architecture: see ARCHITECTURE.md. No cycles; one Swift module a C library.

import PackageDescription

let package = Package(
  name: "croco",
  products: [
    .executable(name: "croco", targets: ["croco"]),
    // For Benchmarks/kernels, which calls the C functions.
    .library(name: "CrocoKernels", targets: ["CTransformer"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
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
      name: "CLibJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .yum(["libjpeg-turbo-devel"])]),
    .systemLibrary(
      name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"]), .yum(["libwebp-devel"])]),
    .systemLibrary(
      name: "CSpng", pkgConfig: "spng", providers: [.apt(["libspng-dev"]), .yum(["libspng-devel"])]),
    .systemLibrary(
      name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"]), .yum(["xxhash-devel"])]),
    // C kernels by what they are for; `CSIMD` has the vectors and clones that they are written in.
    .target(name: "CSIMD"),
    .target(name: "CTransformer", dependencies: ["CSIMD"]),
    .target(name: "CImage", dependencies: ["CSIMD"]),
    .target(name: "CScene", dependencies: ["CSIMD"]),
    .target(name: "CFeatures", dependencies: ["CSIMD"]),
    .target(name: "CGEMM", dependencies: ["CSIMD"]),
    .target(name: "CHeap"),
    // Where libjpeg's errors jump to.
    .target(name: "CJPEG", dependencies: ["CLibJPEG"]),
    // oneDNN is optional: its header is looked for when croco is built, its library where bf16 needs it.
    .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),

    .target(name: "Runtime"),
    .target(name: "Storage", dependencies: ["Runtime", "CXXHash"]),
    .target(
      name: "Kernels", dependencies: ["Runtime", "COpenBLAS", "COneDNN", "CGEMM", "CSIMD", "CTransformer"]),
    .target(name: "Collectives", dependencies: ["Runtime", "CMPI", "CTransformer"]),
    .target(name: "CroCoModel", dependencies: ["Runtime", "Kernels"]),
    .target(
      name: "PairData", dependencies: ["Runtime", "Storage", "CHDF5", "CJPEG", "CWebP", "CSpng", "CImage"]),
    .target(name: "SyntheticScenes", dependencies: ["Runtime", "Storage", "PairData", "CScene"]),
    .target(name: "PairConversion", dependencies: ["Runtime", "Storage", "Collectives", "PairData"]),
    .target(
      name: "PairMining",
      dependencies: ["Runtime", "Storage", "Kernels", "PairData", "PairConversion", "CFeatures"]),
    .target(
      name: "Training",
      dependencies: [
        "Runtime", "Storage", "Kernels", "Collectives", "CroCoModel", "PairData", "Yams",
      ]),
    .target(
      name: "Evaluation",
      dependencies: [
        "Runtime", "Storage", "Kernels", "Collectives", "CroCoModel", "PairData", "PairConversion", "Training",
      ]),
    .target(
      name: "Measurement",
      dependencies: [
        "Runtime", "Storage", "Kernels", "Collectives", "CroCoModel", "PairData", "SyntheticScenes", "Training",
        "CHeap",
      ]),
    .target(name: "Report", dependencies: ["Runtime", "Storage", "Training"]),
    .executableTarget(
      name: "croco",
      dependencies: [
        "Runtime", "Storage", "Kernels", "Collectives", "CroCoModel", "PairData", "PairConversion", "PairMining",
        "SyntheticScenes", "Training", "Evaluation", "Measurement", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .target(name: "TestSupport", dependencies: ["Runtime", "Storage"], path: "Tests/TestSupport"),
    .target(name: "DataFixtures", dependencies: ["Runtime", "PairData"], path: "Tests/DataFixtures"),
    .target(
      name: "RunFixtures",
      dependencies: ["Runtime", "Storage", "Collectives", "PairData", "SyntheticScenes", "Training", "TestSupport"],
      path: "Tests/RunFixtures"),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"]),
    .testTarget(
      name: "StorageTests", dependencies: ["Runtime", "Storage", "TestSupport"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "KernelsTests", dependencies: ["Runtime", "Kernels", "CGEMM", "CTransformer", "CImage", "TestSupport"]),
    .testTarget(
      name: "CroCoModelTests",
      dependencies: ["Runtime", "Storage", "Kernels", "CroCoModel", "CTransformer", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .executableTarget(
      name: "death-check",
      dependencies: [
        "Runtime", "Collectives", "Training", "TestSupport", "DataFixtures",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Helpers/DeathCheck"),
    .testTarget(
      name: "PairDataTests",
      dependencies: [
        "Runtime", "Storage", "PairData", "PairConversion", "TestSupport", "DataFixtures", "death-check",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "PairConversionTests",
      dependencies: ["Runtime", "Storage", "Collectives", "PairData", "PairConversion", "TestSupport", "DataFixtures"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "SyntheticScenesTests",
      dependencies: ["Runtime", "Storage", "PairData", "SyntheticScenes", "CScene", "DataFixtures"]),
    .testTarget(
      name: "PairMiningTests",
      dependencies: [
        "Runtime", "Storage", "PairData", "PairConversion", "PairMining", "SyntheticScenes", "TestSupport",
      ]),
    .executableTarget(
      name: "collectives-check",
      dependencies: [
        "Runtime", "Storage", "Collectives", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Helpers/CollectivesCheck"),
    .testTarget(
      name: "CollectivesTests",
      dependencies: ["Runtime", "Storage", "Collectives", "TestSupport", "collectives-check"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Runtime", "Storage", "Kernels", "Collectives", "CroCoModel", "PairData", "SyntheticScenes", "Training",
        "TestSupport", "RunFixtures", "croco", "death-check",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Runtime", "Storage", "Kernels", "CroCoModel", "PairData", "PairConversion", "Training", "Evaluation",
        "TestSupport", "RunFixtures",
      ]),
    .testTarget(
      name: "MeasurementTests",
      dependencies: ["Runtime", "Collectives", "Training", "Measurement", "TestSupport", "RunFixtures", "croco"]),
    .testTarget(name: "ReportTests", dependencies: ["Runtime", "Storage", "Report", "TestSupport", "RunFixtures"]),
    .testTarget(name: "DocumentTests", dependencies: ["Training", "TestSupport"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: ["Runtime", "Storage", "CroCoModel", "PairData", "SyntheticScenes", "TestSupport", "croco"]),
  ],
  swiftLanguageModes: [.v6]
)

// Tests whose own code computes little are compiled without optimisation, which takes half the time.
let numericTests: Set<String> = ["KernelsTests", "CroCoModelTests"]
for target in package.targets where target.type == .test && !numericTests.contains(target.name) {
  target.swiftSettings = [.unsafeFlags(["-Onone"])]
}
