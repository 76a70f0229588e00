import ArgumentParser
import Runtime
import Training

/// The configuration of a command: a file or a preset, and the keys that the command line sets beside it.
struct ConfigurationArguments: ParsableArguments {
  @Option(help: "The YAML file that says what to train; configs/ has some.", completion: .file(extensions: ["yaml"]))
  var config: String?

  @Option(
    help: "A network by its name instead of a file, with the defaults of all other keys; croco presets lists them.",
    completion: .presets)
  var preset: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides a key of the file, such as batch.global_batch_size=64.", valueName: "key=value"),
    completion: .configurationKeys)
  var overrides: [String] = []

  /// Reads the file, with the keys that the command has flags of its own for.
  ///
  /// - Throws: `Failure` of kind `usage`, or of kind `noInput` or `configuration` that names file, line and key.
  func read(setting keys: [String] = []) throws -> TrainingConfiguration {
    // Not in `validate()`, which would hide a misspelt --config.
    guard (config == nil) != (preset == nil) else {
      throw Failure(.usage, "Give either --config FILE or --preset NAME.", hint: "`croco presets` lists the names.")
    }
    return try Self.read(config: config, preset: preset, overrides: overrides + keys)
  }

  /// Reads a file, or makes the configuration of a preset.
  ///
  /// - Throws: `Failure` of kind `noInput` or `configuration` that names file, line and key.
  static func read(config: String?, preset: String?, overrides: [String]) throws -> TrainingConfiguration {
    if let config { return try ConfigurationReader.read(path: config, overrides: overrides, overrideName: "--set") }
    return try ConfigurationReader.parse(
      "model: {preset: \(preset ?? "")}", name: "--preset \(preset ?? "")", overrides: overrides, overrideName: "--set")
  }
}
