import Collectives
import CroCoModel
import PairData

/// Everything that says *what* a run computes, and how it is watched: one struct a component.
///
/// Read and written through ``ConfigurationSchema``. Where a run goes (output folder, resumption) is the command
/// line's.
public struct TrainingConfiguration: Sendable, Equatable {
  /// The seed of every random draw.
  public var seed: UInt64 = 0
  /// The network.
  public var model = ModelConfiguration()
  /// The training objective.
  public var loss = LossConfiguration()
  /// The image pairs.
  public var data = DataConfiguration()
  /// The optimiser.
  public var optimizer = OptimizerConfiguration()
  /// The course of the learning rate, and the length of the run.
  public var schedule = ScheduleConfiguration()
  /// The batch.
  public var batch = BatchConfiguration()
  /// Threads and arithmetic.
  public var compute = ComputeConfiguration()
  /// When checkpoints are written.
  public var checkpoints = CheckpointConfiguration()
  /// When the loss on held-out scenes is taken.
  public var validation = ValidationConfiguration()
  /// When reconstructions are drawn.
  public var pictures = PictureConfiguration()
  /// What is reported.
  public var logging = LoggingConfiguration()

  /// The defaults; `data.path` is empty and must be set.
  public init() {}

  /// Pairs that go through the network at once.
  public var passSize: Int { batch.microBatchSize / compute.passes }
}

/// Where the image pairs come from and how they are prepared.
public struct DataConfiguration: Sendable, Equatable {
  /// The data set's folder.
  public var path = ""
  /// The folder of the validation set; nil: the same as ``path``.
  public var validationPath: String?
  /// The split to validate on.
  public var validationSplit = Split.validation
  /// Whether the two views of a pair get the same crop and colours.
  public var pairTransforms = LoaderConfiguration.PairTransforms.independent
  /// Whether every pair is also used with its views exchanged.
  public var usesBothOrders = true
  /// Brightness, contrast and saturation vary within 1 - jitter ... 1 + jitter; 0: not at all.
  public var jitter = 0.4
  /// Threads of a rank that decode and transform.
  public var loaderThreads = 2
  /// Micro-batches prepared ahead of the one in use.
  public var prefetch = 2
  /// Pairs whose bytes the storage is asked for before their turn.
  public var readAhead = 256
  /// Which shards a rank trains on.
  public var sharding = Sharding.global
  /// What becomes of pairs that cannot be used.
  public var onBadPair = LoaderConfiguration.BadPairPolicy.fail
  /// The share of skipped pairs beyond which a run stops.
  public var badPairLimit = 0.01

  /// Which shards a rank trains on.
  public enum Sharding: String, Sendable, CaseIterable {
    /// All: every rank can read every shard.
    case global
    /// Those that lie on its own disk. Results then depend on which shards lie where.
    case local
  }

  /// Plain defaults.
  public init() {}
}

/// AdamW. Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
public struct OptimizerConfiguration: Sendable, Equatable {
  /// Learning rate for a global batch of 256; the rate is this times global batch / 256. Nil where ``learningRate``
  /// is set.
  public var baseLearningRate: Double? = 1.5e-4
  /// The learning rate itself, whatever the batch.
  public var learningRate: Double?
  /// Where the schedule ends.
  public var minimumLearningRate = 0.0
  /// Decay of the first and second moments.
  public var betas = [0.9, 0.95]
  /// Added to the root of the second moment, after bias correction.
  public var epsilon = 1e-8
  /// Decoupled weight decay of parameters with more than one dimension.
  public var weightDecay = 0.05
  /// Gradients are scaled down to this norm; nil: never.
  public var gradientClip: Double?

  /// The official values.
  public init() {}

  /// The peak learning rate for a global batch.
  public func peakLearningRate(globalBatchSize: Int) -> Double {
    learningRate ?? (baseLearningRate ?? 0) * Double(globalBatchSize) / 256
  }
}

/// The length of a run and the course of its learning rate.
public struct ScheduleConfiguration: Sendable, Equatable {
  /// The course after the warm-up.
  public enum Kind: String, Sendable, CaseIterable {
    /// Half a cosine down to the minimum.
    case cosine
    /// The peak, for ever.
    case constant
  }

  /// The course after the warm-up.
  public var kind = Kind.cosine
  /// The schedule's length in epochs; nil where ``totalSteps`` is set.
  public var epochs: Double? = 400
  /// The schedule's length in steps; nil where ``epochs`` is set.
  public var totalSteps: Int?
  /// The linear warm-up in epochs. Where neither this nor ``warmupSteps`` is set it is a tenth of the length, as in
  /// the paper.
  public var warmupEpochs: Double?
  /// The linear warm-up in steps.
  public var warmupSteps: Int?
  /// The run ends after this many steps, before the schedule does; nil: with the schedule.
  public var stopAfterSteps: Int?
  /// The run writes a checkpoint and stops (exit code 75) after this many minutes; nil: never.
  public var stopAfterMinutes: Double?

  /// The paper's values.
  public init() {}
}

/// The batch, which is split over ranks and accumulation.
public struct BatchConfiguration: Sendable, Equatable {
  /// Pairs of a step, over all ranks.
  public var globalBatchSize = 256
  /// Pairs that go through the network at once; fixes the unit of computation.
  public var microBatchSize = 8

  /// Plain defaults.
  public init() {}

  /// Micro-batches of a step, over all ranks.
  public var microBatchCount: Int { globalBatchSize / microBatchSize }
}

/// Activation checkpointing: memory against time, with the same result.
public enum ActivationCheckpointing: String, Sendable, CaseIterable {
  /// Everything that backward needs is kept.
  case none
  /// Only the input of each block is kept; backward computes the rest again.
  case block

  /// What the network is told.
  public var policy: ActivationPolicy { self == .none ? .keep : .recomputeBlocks }
}

/// Threads and arithmetic.
public struct ComputeConfiguration: Sendable, Equatable {
  /// Compute threads of a rank; nil: the cores the process may run on, shared by the ranks of the host.
  public var threads: Int?
  /// Slabs of samples that the threads work on; part of the arithmetic, as slab edges touch the last bit.
  public var slabs = 2
  /// Equal parts of a micro-batch that go through the network one after the other, adding their gradients: only one part's
  /// activations are in memory. Part of the arithmetic, as the order of sums touches the last bit.
  public var passes = 1
  /// What matrix products read; sums and parameters are fp32 with either.
  public var precision = Precision.fp32
  /// Whether backward computes the insides of blocks again instead of keeping them; does not change results.
  public var activationCheckpointing = ActivationCheckpointing.none
  /// How gradients are summed over ranks.
  public var reduction = Reduction.reproducible
  /// Whether each rank updates, and holds the moments of, only its slice of the parameters; does not change results.
  public var shardOptimizer = true
  /// Steps between two comparisons of the ranks' parameters; 0: never.
  public var compareParametersEverySteps = 100
  /// A rank that makes no progress for so many minutes ends the run; nil: never.
  public var hangMinutes: Double? = 30

  /// Plain defaults.
  public init() {}
}

/// When checkpoints are written and how many stay.
public struct CheckpointConfiguration: Sendable, Equatable {
  /// Steps between checkpoints; 0: not by steps. The last step always has one.
  public var everySteps = 1000
  /// Minutes between checkpoints; 0: not by time.
  public var everyMinutes = 30.0
  /// How many of the newest stay; 0: all.
  public var keep = 3

  /// Plain defaults.
  public init() {}
}

/// When the loss on held-out scenes is taken.
public struct ValidationConfiguration: Sendable, Equatable {
  /// Steps between validations; 0: never.
  public var everySteps = 0
  /// Micro-batches of a validation, over all ranks.
  public var batches = 8

  /// Plain defaults.
  public init() {}
}

/// When reconstructions are drawn.
public struct PictureConfiguration: Sendable, Equatable {
  /// Steps between pictures; 0: never.
  public var everySteps = 0
  /// Pairs of a picture.
  public var count = 8

  /// Plain defaults.
  public init() {}
}

/// What is reported.
public struct LoggingConfiguration: Sendable, Equatable {
  /// Steps between the lines of the log. `metrics.jsonl` has every step.
  public var everySteps = 1

  /// Plain defaults.
  public init() {}
}
