import Report
import Runtime
import Training

/// What the command line calls the settings and commands that libraries name in advice.
enum CommandLineTerms {
  /// The flag, key or command of a term, or nil for one that has none: it keeps its plain name.
  static func name(_ term: Advice.Term) -> String? { names[term] }

  private static let names: [Advice.Term: String] = [
    .output: "--output",
    .seed: "--seed",
    .resume: "--resume CHECKPOINT",
    .override: "--set",
    .verify: "croco inspect --verify",
    .evaluate: "croco evaluate",
  ]
}
