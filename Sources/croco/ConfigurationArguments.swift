import ArgumentParser
import Training

/// The configuration file of a command, and the keys that the command line sets beside it.
struct ConfigurationArguments: ParsableArguments {
  @Option(help: "The YAML file that says what to train; configs/ has some.")
  var config: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides a key of the file, such as batch.global_batch_size=64.", valueName: "key=value"))
  var overrides: [String] = []

  /// Reads the file, with the keys that the command has flags of its own for.
  ///
  /// - Throws: `Failure` of kind `noInput` or `configuration` that names file, line and key.
  func read(setting keys: [String] = []) throws -> TrainingConfiguration {
    try ConfigurationReader.read(path: config, overrides: overrides + keys, overrideName: "--set")
  }
}
