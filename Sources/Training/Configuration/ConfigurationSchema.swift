import Collectives
import CroCoModel
import PairData
internal import Yams

/// The one table of keys that drives reading, checking, printing and comparing configurations.
package enum ConfigurationSchema {
  /// A key that names a set of values for all other `model` keys; not stored.
  package static let presetPath = "model.preset"

  /// Pairs of keys that say the same in two ways: setting one clears the other.
  static let alternatives = [
    ("optimizer.base_lr", "optimizer.lr"), ("schedule.epochs", "schedule.total_steps"),
    ("schedule.warmup_epochs", "schedule.warmup_steps"),
  ]

  /// All keys in the order in which they are printed.
  package static let entries: [ConfigurationEntry] =
    top + model + loss + data + optimizer + schedule + batch + compute + watching

  /// The names of the sections, in order.
  package static let sections: [String] = entries.reduce(into: []) { names, entry in
    if !entry.section.isEmpty && !names.contains(entry.section) { names.append(entry.section) }
  }

  private static let top: [ConfigurationEntry] = [
    .init("seed", \.seed, .seed, "seed of every random draw: initial values, order, crops, colours, masks")
  ]

  private static let model: [ConfigurationEntry] = [
    .init("model.image_size", \.model.imageSize, .imageSize, "side of the crops in pixels, or [height, width]"),
    .init("model.patch_size", \.model.patchSize, .integer(atLeast: 1), "side of a patch in pixels"),
    .init("model.mask_ratio", \.model.maskRatio, .fraction, "share of view 1 that is hidden; the count is truncated"),
    .init("model.encoder_dim", \.model.encoderDimension, .integer(atLeast: 1), "channels of the encoder"),
    .init("model.encoder_depth", \.model.encoderDepth, .integer(atLeast: 1), "blocks of the encoder"),
    .init("model.encoder_heads", \.model.encoderHeadCount, .integer(atLeast: 1), "attention heads of an encoder block"),
    .init("model.decoder_dim", \.model.decoderDimension, .integer(atLeast: 1), "channels of the decoder"),
    .init("model.decoder_depth", \.model.decoderDepth, .integer(atLeast: 1), "blocks of the decoder"),
    .init("model.decoder_heads", \.model.decoderHeadCount, .integer(atLeast: 1), "attention heads of a decoder block"),
    .init(
      "model.mlp_ratio", \.model.mlpRatio, .integer(atLeast: 1), "hidden channels of an MLP over its input channels"),
    .init(
      "model.position_embedding", \.model.positionEmbedding, .positionEmbedding,
      "cosine (CroCo v1) or RoPE100 (CroCo v2; any base)"),
    .init(
      "model.normalize_memory", \.model.normalizesContext, .boolean,
      "every decoder block normalises the second view's tokens"),
    .init(
      "model.position_grid", \.model.positionGrid, ConfigurationCodec<[Int]>.grid.orNull,
      "grid [rows, columns] of the cosine tables, which are interpolated to the image's; null: the image's own"),
    .init(
      "model.initial_weights", \.initialWeights.path, ConfigurationCodec<String>.text.orNull,
      "a new run begins with these weights: a run, checkpoint, .safetensors or .pth; null: with random ones"),
    .init(
      "model.initial_parts", \.initialWeights.parts, .choice(NetworkPart.self), "what is taken of the initial weights"),
    .init(
      "model.initial_strict", \.initialWeights.isStrict, .boolean,
      "false: initial weights may lack parameters, which begin random, and have others, which are left out"),
    .init(
      "model.frozen", \.initialWeights.frozen, .texts,
      "parameters that are not trained: names, or beginnings of names, such as enc_blocks."),
  ]

  private static let loss: [ConfigurationEntry] = [
    .init("loss.kind", \.loss.kind, .choice(LossConfiguration.Kind.self), "mean squared (l2) or absolute (l1) error"),
    .init(
      "loss.normalize_patches", \.loss.normalizesPatches, .boolean, "targets have mean 0 and deviation 1 per patch"),
    .init("loss.masked_only", \.loss.onMaskedOnly, .boolean, "the loss counts hidden patches only"),
  ]

  private static let data: [ConfigurationEntry] = [
    .init("data.path", \.data.path, .path, "folder of the data set (manifest.json and shards)", mayChange: .always),
    .init(
      "data.validation_path", \.data.validationPath, ConfigurationCodec<String>.text.orNull,
      "folder of the validation set; null: data.path", mayChange: .always),
    .init(
      "data.validation_split", \.data.validationSplit, .choice(Split.self), "split to validate on", mayChange: .always),
    .init(
      "data.pair_transforms", \.data.pairTransforms, .choice(LoaderConfiguration.PairTransforms.self),
      "crop and colours of the two views: independent (as the paper) or shared"),
    .init("data.both_orders", \.data.usesBothOrders, .boolean, "use every pair with its views exchanged, too"),
    .init(
      "data.jitter", \.data.jitter, .fraction, "brightness, contrast and saturation vary by this share; 0: not at all"),
    .init(
      "data.loader_threads", \.data.loaderThreads, .integer(atLeast: 0),
      "threads of a rank that decode and transform; 0: the compute thread itself",
      mayChange: .always),
    .init(
      "data.prefetch", \.data.prefetch, .integer(atLeast: 1), "micro-batches prepared ahead of the one in use",
      mayChange: .always),
    .init(
      "data.read_ahead", \.data.readAhead, .integer(atLeast: 0),
      "pairs whose bytes the storage is asked for before their turn; 0: none", mayChange: .always),
    .init(
      "data.sharding", \.data.sharding, .choice(DataConfiguration.Sharding.self),
      "global: every rank can read every shard; local: each rank trains on the shards on its own disk"),
    .init(
      "data.on_bad_pair", \.data.onBadPair, .choice(LoaderConfiguration.BadPairPolicy.self),
      "fail: a pair that is damaged, missing or too small ends the run; or skip: another takes its place, counted and "
        + "logged",
      mayChange: .always),
    .init(
      "data.bad_pair_limit", \.data.badPairLimit, .fraction,
      "with skip, the run stops when more than this share of its pairs was replaced", mayChange: .always),
  ]

  private static let optimizer: [ConfigurationEntry] = [
    .init(
      "optimizer.base_lr", \.optimizer.baseLearningRate, ConfigurationCodec<Double>.number(atLeast: 0).orNull,
      "learning rate for a global batch of 256; the peak is base_lr x global batch / 256", mayChange: .inBranch),
    .init(
      "optimizer.lr", \.optimizer.learningRate, ConfigurationCodec<Double>.number(atLeast: 0).orNull,
      "the peak learning rate itself, instead of base_lr", mayChange: .inBranch),
    .init(
      "optimizer.min_lr", \.optimizer.minimumLearningRate, .number(atLeast: 0), "where the cosine or wsd ends",
      mayChange: .inBranch),
    .init(
      "optimizer.betas", \.optimizer.betas, .betas, "decay of the first and second moments of AdamW",
      mayChange: .inBranch),
    .init(
      "optimizer.epsilon", \.optimizer.epsilon, .positiveNumber, "added to the root of the second moment",
      mayChange: .inBranch),
    .init(
      "optimizer.weight_decay", \.optimizer.weightDecay, .number(atLeast: 0), "decoupled; matrices only",
      mayChange: .inBranch),
    .init(
      "optimizer.clip_grad", \.optimizer.gradientClip, ConfigurationCodec<Double>.positiveNumber.orNull,
      "gradients are scaled down to this norm; null: never", mayChange: .inBranch),
    .init(
      "optimizer.ema_decay", \.optimizer.averageDecay, ConfigurationCodec<Double>.fraction.orNull,
      "a running mean of the weights is kept beside them, such as with 0.9999: ema.safetensors in checkpoints; null: none",
      mayChange: .inBranch),
  ]

  private static let schedule: [ConfigurationEntry] = [
    .init(
      "schedule.kind", \.schedule.kind, .choice(ScheduleConfiguration.Kind.self),
      "course after the warm-up: half a cosine; constant; or wsd, constant and then linear to min_lr",
      mayChange: .inBranch),
    .init(
      "schedule.decay_fraction", \.schedule.decayFraction, .fraction,
      "share of the length, at its end, in which the rate of wsd falls", mayChange: .inBranch),
    .init(
      "schedule.epochs", \.schedule.epochs, ConfigurationCodec<Double>.positiveNumber.orNull,
      "length in passes over the data set", mayChange: .inBranch),
    .init(
      "schedule.total_steps", \.schedule.totalSteps, ConfigurationCodec<Int>.integer(atLeast: 1).orNull,
      "length in steps, instead of epochs", mayChange: .inBranch),
    .init(
      "schedule.warmup_epochs", \.schedule.warmupEpochs, ConfigurationCodec<Double>.number(atLeast: 0).orNull,
      "linear warm-up in epochs; null here and in warmup_steps: a tenth of the length", mayChange: .inBranch),
    .init(
      "schedule.warmup_steps", \.schedule.warmupSteps, ConfigurationCodec<Int>.integer(atLeast: 0).orNull,
      "linear warm-up in steps, instead of warmup_epochs", mayChange: .inBranch),
    .init(
      "schedule.stop_after_steps", \.schedule.stopAfterSteps, ConfigurationCodec<Int>.integer(atLeast: 1).orNull,
      "end the run at this step although the schedule goes on; null: at its end", mayChange: .always),
    .init(
      "schedule.stop_after_minutes", \.schedule.stopAfterMinutes, ConfigurationCodec<Double>.positiveNumber.orNull,
      "checkpoint and stop (exit code 75) after so many minutes; null: never", mayChange: .always),
  ]

  private static let batch: [ConfigurationEntry] = [
    .init("batch.global_batch_size", \.batch.globalBatchSize, .integer(atLeast: 1), "pairs of a step, over all ranks"),
    .init(
      "batch.micro_batch_size", \.batch.microBatchSize, .integer(atLeast: 1),
      "pairs that go through the network at once; at least as many micro-batches as ranks"),
  ]

  private static let compute: [ConfigurationEntry] = [
    .init(
      "compute.threads", \.compute.threads, ConfigurationCodec<Int>.integer(atLeast: 1).orNull,
      "compute threads of a rank; null: the host's cores over its ranks", mayChange: .always),
    .init(
      "compute.slabs", \.compute.slabs, .integer(atLeast: 1),
      "pieces of a pass for as many threads, pairs or parts of pairs; fixed for bit-for-bit results",
      mayChange: .inBranch),
    .init(
      "compute.passes", \.compute.passes, .integer(atLeast: 1),
      "parts of a micro-batch computed one after the other: activations take so many times less memory",
      mayChange: .inBranch),
    .init(
      "compute.precision", \.compute.precision, .choice(Precision.self),
      "of matrix products: fp32; bf16; int8: 8-bit integers but for weight gradients; int8_full: for these, too; "
        + "auto: the fastest that all processors have instructions for", mayChange: .inBranch),
    .init(
      "compute.activation_checkpointing", \.compute.activationCheckpointing, .choice(ActivationCheckpointing.self),
      "none; or block: backward computes blocks again, for a third of the memory and a third more work; same results",
      mayChange: .always),
    .init(
      "compute.reduction", \.compute.reduction, .choice(Reduction.self),
      "reproducible: the same bytes on any number of ranks; mpi: plain MPI_Allreduce", mayChange: .inBranch),
    .init(
      "compute.gradient_wire", \.compute.gradientWire, .choice(GradientWire.self),
      "fp32; or bf16: gradients are rounded to bfloat16 between micro-batches and take half the bytes between hosts",
      mayChange: .inBranch),
    .init(
      "compute.overlap", \.compute.overlap, .choice(Overlap.self),
      "auto: ranks exchange while they compute if the first steps are faster so; on; off; same results",
      mayChange: .always),
    .init(
      "compute.shard_optimizer", \.compute.shardOptimizer, .boolean,
      "true: each rank updates its slice of the parameters and holds the moments of that alone; same results, less time "
        + "and memory; false: all ranks update all, which compare_parameters then checks",
      mayChange: .always),
    .init(
      "compute.compare_parameters_every_steps", \.compute.compareParametersEverySteps, .integer(atLeast: 0),
      "steps between comparisons of the ranks' parameters; 0: never", mayChange: .always),
    .init(
      "compute.require_same_arithmetic", \.compute.requireSameArithmetic, .boolean,
      "true: ranks whose kernels, products, croco or variables differ are refused; false: they are warned of",
      mayChange: .always),
    .init(
      "compute.hang_minutes", \.compute.hangLimit, ConfigurationCodec<HangLimit>.hangLimit.orNull,
      "no progress for so long ends the run (exit code 70) and names the rank that hangs; auto: 20 times the median step, at "
        + "least 50 s, and 30 minutes before the first step and where a disk is waited for; null: never",
      mayChange: .always),
  ]

  private static let watching: [ConfigurationEntry] = [
    .init(
      "checkpoints.every_steps", \.checkpoints.everySteps, .integer(atLeast: 0),
      "steps between checkpoints; 0: not by steps", mayChange: .always),
    .init(
      "checkpoints.every_minutes", \.checkpoints.everyMinutes, .number(atLeast: 0),
      "minutes between checkpoints; 0: not by time", mayChange: .always),
    .init(
      "checkpoints.keep", \.checkpoints.keep, .integer(atLeast: 0),
      "how many of the newest stay, beside the best where there is validation; 0: all",
      mayChange: .always),
    .init(
      "validation.every_steps", \.validation.everySteps, .integer(atLeast: 0),
      "steps between losses on held-out scenes, each with a checkpoint where it is the lowest yet; 0: never",
      mayChange: .always),
    .init(
      "validation.batches", \.validation.batches, .integer(atLeast: 1), "micro-batches of a validation, over all ranks",
      mayChange: .always),
    .init(
      "pictures.every_steps", \.pictures.everySteps, .integer(atLeast: 0),
      "steps between pictures of reconstructions; 0: never", mayChange: .always),
    .init("pictures.count", \.pictures.count, .integer(atLeast: 1), "pairs of a picture", mayChange: .always),
    .init(
      "logging.every_steps", \.logging.everySteps, .integer(atLeast: 1),
      "steps between lines; metrics.jsonl has every step", mayChange: .always),
    .init(
      "logging.tensorboard", \.logging.tensorBoard, .boolean,
      "an event file for TensorBoard in the run folder: figures, pictures, configuration", mayChange: .always),
  ]
}

extension ConfigurationCodec {
  fileprivate static var fraction: ConfigurationCodec<Double> {
    number("a number in 0 ... 1") { (0...1).contains($0) }
  }

  fileprivate static var positionEmbedding: ConfigurationCodec<ModelConfiguration.PositionEmbedding> {
    ConfigurationCodec<ModelConfiguration.PositionEmbedding>(
      expectation: "cosine, or RoPE and its base, such as RoPE100",
      parse: { $0.plainText.flatMap(ModelConfiguration.PositionEmbedding.init) },
      format: { $0.description })
  }

  /// A text; null stands for a path that is not set yet.
  fileprivate static var path: ConfigurationCodec<String> {
    ConfigurationCodec<String>(
      expectation: "a folder", parse: { $0.isNull ? "" : text.parse($0) }, format: { $0.isEmpty ? "null" : quoted($0) })
  }
}
