import CroCoModel
import Testing

/// A network and a batch that the reference data do not have, with a seed of its own.
struct NetworkShape: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var configuration = ModelConfiguration()
  var loss = LossConfiguration()
  var batchSize = 2
  var slabs = 2

  init(_ description: String, _ change: (inout NetworkShape) -> Void = { _ in }) {
    testDescription = description
    configuration.patchSize = 4
    (configuration.imageHeight, configuration.imageWidth) = (12, 16)
    configuration.maskRatio = 0.75
    (configuration.encoderDimension, configuration.encoderDepth, configuration.encoderHeadCount) = (16, 2, 2)
    (configuration.decoderDimension, configuration.decoderDepth, configuration.decoderHeadCount) = (24, 2, 3)
    change(&self)
  }

  static let all: [NetworkShape] = [
    NetworkShape("wide image, cosine"),
    NetworkShape("tall image, RoPE") {
      ($0.configuration.imageHeight, $0.configuration.imageWidth) = (28, 8)
      $0.configuration.positionEmbedding = .rope(base: 100)
    },
    NetworkShape("a single row of patches, RoPE of another base, no norm of the context") {
      ($0.configuration.imageHeight, $0.configuration.imageWidth) = (4, 36)
      $0.configuration.positionEmbedding = .rope(base: 10)
      $0.configuration.normalizesContext = false
    },
    NetworkShape("one patch, hidden") {
      ($0.configuration.imageHeight, $0.configuration.imageWidth) = (4, 4)
      $0.configuration.maskRatio = 1
    },
    NetworkShape("one patch, visible, RoPE") {
      ($0.configuration.imageHeight, $0.configuration.imageWidth) = (4, 4)
      $0.configuration.maskRatio = 0
      $0.configuration.positionEmbedding = .rope(base: 100)
      $0.loss.onMaskedOnly = false
    },
    NetworkShape("nothing hidden") {
      $0.configuration.maskRatio = 0
      $0.loss.onMaskedOnly = false
    },
    NetworkShape("everything hidden, RoPE") {
      $0.configuration.maskRatio = 1
      $0.configuration.positionEmbedding = .rope(base: 100)
    },
    NetworkShape("everything hidden, no norm of the context") {
      $0.configuration.maskRatio = 1
      $0.configuration.normalizesContext = false
    },
    NetworkShape("patches of one pixel, absolute differences") {
      ($0.configuration.imageHeight, $0.configuration.imageWidth, $0.configuration.patchSize) = (5, 7, 1)
      $0.loss.kind = .l1
    },
    NetworkShape("heads of 5 and 7 channels") {
      ($0.configuration.encoderDimension, $0.configuration.encoderHeadCount) = (20, 4)
      ($0.configuration.decoderDimension, $0.configuration.decoderHeadCount) = (28, 4)
    },
    NetworkShape("heads of one channel, and one head of all") {
      ($0.configuration.encoderDimension, $0.configuration.encoderHeadCount) = (8, 8)
      ($0.configuration.decoderDimension, $0.configuration.decoderHeadCount) = (36, 1)
    },
    NetworkShape("heads of 4 and 20 channels, RoPE") {
      ($0.configuration.encoderDimension, $0.configuration.encoderHeadCount) = (12, 3)
      ($0.configuration.decoderDimension, $0.configuration.decoderHeadCount) = (40, 2)
      $0.configuration.positionEmbedding = .rope(base: 100)
    },
    NetworkShape("batch 1 in two slabs") { $0.batchSize = 1 },
    NetworkShape("batch 3 in eleven slabs, RoPE") {
      ($0.batchSize, $0.slabs) = (3, 11)
      $0.configuration.positionEmbedding = .rope(base: 100)
    },
    NetworkShape("batch 5 in three slabs, one block each") {
      ($0.batchSize, $0.slabs) = (5, 3)
      ($0.configuration.encoderDepth, $0.configuration.decoderDepth) = (1, 1)
    },
    NetworkShape("MLPs as wide as the stream, plain pixels") {
      $0.configuration.mlpRatio = 1
      $0.loss.normalizesPatches = false
    },
    NetworkShape("MLPs three times as wide, RoPE, absolute differences of plain pixels") {
      $0.configuration.mlpRatio = 3
      $0.configuration.positionEmbedding = .rope(base: 100)
      ($0.loss.kind, $0.loss.normalizesPatches) = (.l1, false)
    },
    NetworkShape("more channels than a block of any product") {
      ($0.configuration.encoderDimension, $0.configuration.encoderHeadCount, $0.configuration.encoderDepth) = (
        420, 3, 1
      )
      ($0.configuration.decoderDimension, $0.configuration.decoderHeadCount, $0.configuration.decoderDepth) = (36, 3, 1)
      $0.configuration.mlpRatio = 2
      $0.batchSize = 1
    },
    NetworkShape("more patches than rows of any tile, RoPE") {
      ($0.configuration.imageHeight, $0.configuration.imageWidth, $0.configuration.patchSize) = (34, 38, 2)
      ($0.configuration.encoderDepth, $0.configuration.decoderDepth) = (1, 1)
      $0.configuration.positionEmbedding = .rope(base: 100)
      $0.batchSize = 1
    },
  ]

  /// The network, a batch for it, and the step of each kind.
  func example() -> (network: FastNetwork, batch: ExampleBatch) {
    var numbers = ExampleNumbers(seed: UInt64(testDescription.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }))
    let network = FastNetwork(configuration, &numbers)
    return (network, ExampleBatch(configuration, size: batchSize, &numbers))
  }
}
