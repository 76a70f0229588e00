import ArgumentParser
import Foundation
import PairConversion
import PairData
import Runtime

/// `croco merge`: several data sets become one.
struct MergeCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Joins data sets into one, without reading an image.",
    discussion: """
      Training shards become training shards, validation shards validation shards. Shards are hard links to the \
      originals where possible; those whose scenes need other numbers are copied.
      """)

  @Argument(help: "The data-set folders.", completion: .directory)
  var inputs: [String]

  @Option(
    name: .shortAndLong, help: "The data-set folder to write; it must not exist or be empty.", completion: .directory)
  var output: String

  @Flag(help: "Copy all shards instead of linking to them.")
  var copy = false

  func compute() throws {
    let bar = ProgressBar("merge", unit: "shards")
    defer { bar.clear() }
    let merger = DatasetMerger(copiesShards: copy, tool: Croco.tool)
    let manifest = try merger.merge(inputs, to: output, progress: bar.update, log: bar.print)
    bar.clear()
    print("\(output): \(manifest.summary)")
  }
}

/// `croco split`: another division into training and validation.
struct SplitCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Divides a data set into training and validation anew, by scene, without decoding an image.")

  @Argument(help: "The data-set folder.", completion: .directory)
  var input: String

  @Option(
    name: .shortAndLong, help: "The data-set folder to write; it must not exist or be empty.", completion: .directory)
  var output: String

  @Option(help: "Share of scenes for the validation split, 0 to 1.")
  var validation: Double

  @Option(help: "Seed of the draw that assigns scenes to splits.")
  var seed: UInt64 = 0

  @Option(help: "Size at which a shard is full, such as 256MB or 1GiB.")
  var shardSize: ByteCountArgument = ByteCountArgument(bytes: DatasetOptions.defaultShardBytes)

  func validate() throws {
    guard (0...1).contains(validation) else { throw ValidationError("--validation is a share from 0 to 1.") }
  }

  func compute() throws {
    let bar = ProgressBar("split", unit: "pairs")
    defer { bar.clear() }
    let splitter = DatasetSplitter(
      validationFraction: validation, seed: seed, shardBytes: shardSize.bytes, tool: Croco.tool)
    let divided = try splitter.split(input, to: output, progress: bar.update, log: bar.print)
    bar.clear()
    print("\(output): \(divided.summary)")
  }
}

extension DatasetManifest {
  /// Pairs, images and bytes, in words.
  var summary: String {
    let shards = allShards
    let counts = Split.allCases.map { "\(pairCount(of: $0)) \($0.rawValue)" }.joined(separator: ", ")
    return "\(counted(shards.reduce(0) { $0 + $1.pairs }, "pair")) (\(counts)), "
      + "\(counted(shards.reduce(0) { $0 + $1.images }, "image")), "
      + "\(ByteCountArgument.text(Int64(shards.reduce(0) { $0 + $1.bytes }))) in \(counted(shards.count, "shard"))"
  }
}
