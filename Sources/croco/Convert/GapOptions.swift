import ArgumentParser
import PairConversion

/// The distances of temporal pairs.
struct GapOptions: ParsableArguments {
  @Option(help: "Smallest distance between the two frames of a temporal pair, in frames.")
  var minGap = 1

  @Option(help: "Largest distance between the two frames of a temporal pair, in frames.")
  var maxGap = 5

  @Option(help: "How many later frames each frame is paired with; the gaps are drawn by --seed.")
  var pairsPerFrame = 1

  func validate() throws {
    guard minGap >= 1, maxGap >= minGap else { throw ValidationError("1 <= --min-gap <= --max-gap is needed.") }
    guard pairsPerFrame >= 1 else { throw ValidationError("--pairs-per-frame is at least 1.") }
  }

  func sequences(seed: UInt64) -> FrameSequences {
    FrameSequences(gaps: minGap...maxGap, pairsPerFrame: pairsPerFrame, seed: seed)
  }
}
