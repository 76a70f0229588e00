import ArgumentParser
import CroCoModel
import Training

extension CompletionKind {
  /// The keys of a configuration, ready for a value: "schedule.warmup_steps=".
  static let configurationKeys = custom { _, _, _ in
    (ConfigurationSchema.entries.map(\.path) + [ConfigurationSchema.presetPath]).map { $0 + "=" }
  }

  /// The names that `croco presets` lists.
  static let presets = list(ModelPreset.all.map(\.name))
}
