import PairConversion
import PairData
import PairMining
import Report
import Runtime
import SyntheticScenes
import Training

/// What the command line calls the settings and commands that libraries name in advice.
enum CommandLineTerms {
  /// The flag, key or command of a term, or nil for one that has none: it keeps its plain name.
  @Sendable static func name(_ term: Advice.Term) -> String? { names[term] }

  private static let names: [Advice.Term: String] = [
    .acceptingHomographies: "--allow-homography",
    .baseline: "--baseline",
    .codec: "--codec",
    .colmapConversion: "croco convert colmap",
    .conversion: "`croco convert`",
    .cropConversion: "croco convert crops",
    .cropSize: "image_size",
    .evaluate: "croco evaluate",
    .excludedNames: "--exclude",
    .frameConversion: "croco convert frames",
    .frameFolder: "--frames",
    .frameRate: "--fps",
    .ignoringLists: "--ignore-list",
    .imageFolder: "--images",
    .imageFolderName: "--images-folder",
    .imageSize: "--size",
    .includedNames: "--include",
    .keyListing: "`croco train --print-config`",
    .listConversion: "croco convert pairs",
    .localSharding: "data.sharding local",
    .matching: "--match",
    .maximumGap: "--max-gap",
    .maximumOverlap: "--max-overlap",
    .minimumGap: "--min-gap",
    .minimumInliers: "--min-inliers",
    .minimumOverlap: "--min-overlap",
    .minimumPoints: "--min-points",
    .mining: "croco mine",
    .output: "--output",
    .override: "--set",
    .pairKind: "--kind",
    .resume: "--resume CHECKPOINT",
    .seed: "--seed",
    .skippingBadFiles: "--skip-bad of convert and features",
    .splitting: "`croco split`",
    .stepLimit: "--max-steps",
    .synthesis: "`croco synthesize`",
    .upscaling: "--allow-upscale",
    .validationShare: "--validation",
    .verify: "croco inspect --verify",
  ]
}

extension Advice {
  /// The sentence with flags and commands.
  var onCommandLine: String { text(naming: CommandLineTerms.name) }
}

extension Failure {
  /// What is wrong, and what to do about it with flags and commands.
  var onCommandLine: String { text(naming: CommandLineTerms.name) }
}
