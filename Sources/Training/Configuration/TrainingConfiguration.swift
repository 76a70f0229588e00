import Collectives
import CroCoModel
import PairData

/// Everything that says *what* a run computes, and how it is watched: one struct a component.
///
/// Read and written through ``ConfigurationSchema``. Where a run goes (output folder, resumption) is the command
/// line's.
package struct TrainingConfiguration: Sendable, Equatable {
  /// The seed of every random draw.
  package var seed: UInt64 = 0
  /// The network.
  package var model = ModelConfiguration()
  /// The weights that a new run begins with, and those that it leaves as they are.
  package var initialWeights = InitialWeightsConfiguration()
  /// The training objective.
  package var loss = LossConfiguration()
  /// The image pairs.
  package var data = DataConfiguration()
  /// The optimiser.
  package var optimizer = OptimizerConfiguration()
  /// The course of the learning rate, and the length of the run.
  package var schedule = ScheduleConfiguration()
  /// The batch.
  package var batch = BatchConfiguration()
  /// Threads and arithmetic.
  package var compute = ComputeConfiguration()
  /// When checkpoints are written.
  package var checkpoints = CheckpointConfiguration()
  /// When the loss on held-out scenes is taken.
  package var validation = ValidationConfiguration()
  /// When reconstructions are drawn.
  package var pictures = PictureConfiguration()
  /// What is reported.
  package var logging = LoggingConfiguration()

  /// The defaults; `data.path` is empty and must be set.
  package init() {}

  /// Pairs that go through the network at once.
  package var passSize: Int { batch.microBatchSize / compute.passes }
}

/// What a new run takes from another network, and what it does not train.
package struct InitialWeightsConfiguration: Sendable, Equatable {
  /// A run folder, checkpoint folder or weights file; nil: random values.
  package var path: String?
  /// What is taken of it.
  package var parts = NetworkPart.all
  /// Whether parameters that it lacks, or has beside those of the network, are refused.
  package var isStrict = true
  /// The beginnings of the names of parameters that are not trained.
  package var frozen: [String] = []

  /// Random values, all of them trained.
  package init() {}
}

/// Where the image pairs come from and how they are prepared.
package struct DataConfiguration: Sendable, Equatable {
  /// The data set's folder.
  package var path = ""
  /// The folder of the validation set; nil: the same as ``path``.
  package var validationPath: String?
  /// The split to validate on.
  package var validationSplit = Split.validation
  /// Whether the two views of a pair get the same crop and colours.
  package var pairTransforms = LoaderConfiguration.PairTransforms.independent
  /// Whether every pair is also used with its views exchanged.
  package var usesBothOrders = true
  /// Brightness, contrast and saturation vary within 1 - jitter ... 1 + jitter; 0: not at all.
  package var jitter = 0.4
  /// Threads of a rank that decode and transform.
  package var loaderThreads = 2
  /// Micro-batches prepared ahead of the one in use.
  package var prefetch = 2
  /// Pairs whose bytes the storage is asked for before their turn.
  package var readAhead = 256
  /// Which shards a rank trains on.
  package var sharding = Sharding.global
  /// What becomes of pairs that cannot be used.
  package var onBadPair = LoaderConfiguration.BadPairPolicy.fail
  /// The share of skipped pairs beyond which a run stops.
  package var badPairLimit = 0.01

  /// Which shards a rank trains on.
  package enum Sharding: String, Sendable, CaseIterable {
    /// All: every rank can read every shard.
    case global
    /// Those that lie on its own disk. Results then depend on which shards lie where.
    case local
  }

  /// Plain defaults.
  package init() {}
}

/// AdamW. Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
package struct OptimizerConfiguration: Sendable, Equatable {
  /// Learning rate for a global batch of 256; the rate is this times global batch / 256. Nil where ``learningRate``
  /// is set.
  package var baseLearningRate: Double? = 1.5e-4
  /// The learning rate itself, whatever the batch.
  package var learningRate: Double?
  /// Where the schedule ends.
  package var minimumLearningRate = 0.0
  /// Decay of the first and second moments.
  package var betas = [0.9, 0.95]
  /// Added to the root of the second moment, after bias correction.
  package var epsilon = 1e-8
  /// Decoupled weight decay of parameters with more than one dimension.
  package var weightDecay = 0.05
  /// Gradients are scaled down to this norm; nil: never.
  package var gradientClip: Double?
  /// What the running mean of the values keeps of itself in a step; nil: there is none.
  package var averageDecay: Double?

  /// The official values.
  package init() {}

  /// The peak learning rate for a global batch.
  package func peakLearningRate(globalBatchSize: Int) -> Double {
    learningRate ?? (baseLearningRate ?? 0) * Double(globalBatchSize) / 256
  }
}

/// The length of a run and the course of its learning rate.
package struct ScheduleConfiguration: Sendable, Equatable {
  /// The course after the warm-up.
  package enum Kind: String, Sendable, CaseIterable {
    /// Half a cosine down to the minimum.
    case cosine
    /// The peak, for ever.
    case constant
    /// Warm-up, stable, decay: the peak, and at the end a line down to the minimum.
    case wsd
  }

  /// The course after the warm-up.
  package var kind = Kind.cosine
  /// The share of the length, at its end, in which the rate of ``Kind/wsd`` falls.
  package var decayFraction = 0.2
  /// The schedule's length in epochs; nil where ``totalSteps`` is set.
  package var epochs: Double? = 400
  /// The schedule's length in steps; nil where ``epochs`` is set.
  package var totalSteps: Int?
  /// The linear warm-up in epochs. Where neither this nor ``warmupSteps`` is set it is a tenth of the length, as in
  /// the paper.
  package var warmupEpochs: Double?
  /// The linear warm-up in steps.
  package var warmupSteps: Int?
  /// The run ends after this many steps, before the schedule does; nil: with the schedule.
  package var stopAfterSteps: Int?
  /// The run writes a checkpoint and stops (exit code 75) after this many minutes; nil: never.
  package var stopAfterMinutes: Double?

  /// The paper's values.
  package init() {}
}

/// The batch, which is split over ranks and accumulation.
package struct BatchConfiguration: Sendable, Equatable {
  /// Pairs of a step, over all ranks.
  package var globalBatchSize = 256
  /// Pairs that go through the network at once; fixes the unit of computation.
  package var microBatchSize = 8

  /// Plain defaults.
  package init() {}

  /// Micro-batches of a step, over all ranks.
  package var microBatchCount: Int { globalBatchSize / microBatchSize }
}

/// Activation checkpointing: memory against time, with the same result.
package enum ActivationCheckpointing: String, Sendable, CaseIterable {
  /// Everything that backward needs is kept.
  case none
  /// Only the input of each block is kept; backward computes the rest again.
  case block

  /// What the network is told.
  package var policy: ActivationPolicy { self == .none ? .keep : .recomputeBlocks }
}

/// Threads and arithmetic.
package struct ComputeConfiguration: Sendable, Equatable {
  /// Compute threads of a rank; nil: the cores the process may run on, shared by the ranks of the host.
  package var threads: Int?
  /// Slabs of a pass that the threads work on, of whole pairs or parts of one; part of the arithmetic, as slab edges touch the last
  /// bit.
  package var slabs = 2
  /// Equal parts of a micro-batch that go through the network one after the other, adding their gradients: only one part's
  /// activations are in memory. Part of the arithmetic, as the order of sums touches the last bit.
  package var passes = 1
  /// What matrix products read; sums and parameters are fp32 with either.
  package var precision = Precision.fp32
  /// Whether backward computes the insides of blocks again instead of keeping them; does not change results.
  package var activationCheckpointing = ActivationCheckpointing.none
  /// How gradients are summed over ranks.
  package var reduction = Reduction.reproducible
  /// How gradients travel between hosts.
  package var gradientWire = GradientWire.fp32
  /// Whether ranks exchange while they compute; does not change results.
  package var overlap = Overlap.auto
  /// Whether each rank updates, and holds the moments of, only its slice of the parameters; does not change results.
  package var shardOptimizer = true
  /// Steps between two comparisons of the ranks' parameters; 0: never.
  package var compareParametersEverySteps = 100
  /// Whether ranks that differ in ``RankArithmetic`` are refused; else they are warned of.
  package var requireSameArithmetic = false
  /// A run in which no rank makes progress for so long ends; nil: never.
  package var hangLimit: HangLimit? = .automatic

  /// Plain defaults.
  package init() {}
}

/// When checkpoints are written and how many stay.
package struct CheckpointConfiguration: Sendable, Equatable {
  /// Steps between checkpoints; 0: not by steps. The last step always has one.
  package var everySteps = 1000
  /// Minutes between checkpoints; 0: not by time.
  package var everyMinutes = 30.0
  /// How many of the newest stay; 0: all.
  package var keep = 3

  /// Plain defaults.
  package init() {}
}

/// When the loss on held-out scenes is taken.
package struct ValidationConfiguration: Sendable, Equatable {
  /// Steps between validations; 0: never.
  package var everySteps = 0
  /// Micro-batches of a validation, over all ranks.
  package var batches = 8

  /// Plain defaults.
  package init() {}
}

/// When reconstructions are drawn.
package struct PictureConfiguration: Sendable, Equatable {
  /// Steps between pictures; 0: never.
  package var everySteps = 0
  /// Pairs of a picture.
  package var count = 8

  /// Plain defaults.
  package init() {}
}

/// What is reported.
package struct LoggingConfiguration: Sendable, Equatable {
  /// Steps between the lines of the log. `metrics.jsonl` has every step.
  package var everySteps = 1
  /// Whether the run folder gets an event file for TensorBoard.
  package var tensorBoard = true

  /// Plain defaults.
  package init() {}
}
