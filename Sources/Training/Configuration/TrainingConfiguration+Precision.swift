import Collectives
import CroCoModel
import Kernels
import Runtime

extension TrainingConfiguration {
  /// The configuration with a settled precision: with `compute.precision` auto that of the run in `folder`, where one has begun, else
  /// the fastest that the processors of all ranks have instructions for. Collective.
  ///
  /// - Parameter folder: the run folder, if any.
  /// - Returns: also a sentence on what was chosen and why; nil where nothing was to be chosen.
  /// - Throws: the same `Failure` on every rank: where the run's configuration cannot be read, or communication fails.
  package func settled(
    in folder: RunFolder? = nil, over communicator: any Communicator
  ) throws(Failure) -> (configuration: TrainingConfiguration, choice: String?) {
    guard compute.precision == .auto else { return (self, nil) }
    let begun = try communicator.together { () throws -> Precision? in
      communicator.rank == 0 ? try folder?.begunConfiguration()?.compute.precision : nil
    }
    // A word of each rank; of the first, what binds all comes before.
    let words = try communicator.gatherBytes(
      Array((begun.map { "=" + $0.rawValue } ?? Precision.fastestHere.rawValue).utf8)
    )
    .map { String(decoding: $0, as: UTF8.self) }
    var settled = self
    if let binding = Precision(rawValue: String(words[0].dropFirst())), words[0].hasPrefix("=") {
      settled.compute.precision = binding
      return (settled, "compute.precision auto is \(binding.rawValue), with which the run began.")
    }
    let precision = words.map { Precision(rawValue: $0) ?? .fp32 }.min { $0.rank < $1.rank } ?? .fp32
    settled.compute.precision = precision
    let whose = communicator.size > 1 ? "the processors of all ranks have" : "this processor has"
    return (
      settled,
      "compute.precision auto is \(precision.rawValue), the fastest that \(whose) instructions for: \(precision.products)."
    )
  }
}

extension Precision {
  /// Those that `auto` may be, from the slowest on.
  private static let bySpeed: [Precision] = [.fp32, .bf16, .int8]

  /// The fastest for which this processor has instructions of its own.
  fileprivate static var fastestHere: Precision {
    if (try? IntegerPath.chosen.get())?.isFast == true { return .int8 }
    return MatrixProducts.bfloat16 != nil ? .bf16 : .fp32
  }

  /// The place by speed.
  fileprivate var rank: Int { Self.bySpeed.firstIndex(of: self) ?? 0 }
}
