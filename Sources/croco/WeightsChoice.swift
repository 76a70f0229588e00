import ArgumentParser
import Evaluation

/// Which of a checkpoint's weights a command uses.
struct WeightsChoice: ParsableArguments {
  @Option(
    help: """
      Of a checkpoint: last, the weights of its step, which validations measure; or ema, their running mean \
      (optimizer.ema_decay).
      """)
  var weights = PretrainedModel.Weights.last
}

extension PretrainedModel.Weights: ExpressibleByArgument {}
