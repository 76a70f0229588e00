import Collectives
import PairConversion
import Testing

/// Converts as the command line does, with one rank.
@discardableResult
func convert(_ pairs: [PairCandidate], _ options: ConversionOptions, to output: String) throws -> ConversionSummary {
  let summary = try Conversion(options: options, output: output).run(pairs, on: SingleProcessCommunicator())
  return try #require(summary)
}
