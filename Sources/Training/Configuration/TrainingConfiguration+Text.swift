extension TrainingConfiguration {
  /// The complete configuration as YAML, in a fixed order; reads back as the same configuration.
  ///
  /// - Parameter documented: whether every line carries what the key means.
  package func resolved(documented: Bool = false) -> String {
    var text = ""
    var section = ""
    for entry in ConfigurationSchema.entries {
      if entry.section != section {
        section = entry.section
        text += "\n\(section):\n"
      }
      let line = (section.isEmpty ? "" : "  ") + "\(entry.leaf): \(entry.format(self))"
      let padding = String(repeating: " ", count: max(1, 44 - line.count))
      text += documented ? "\(line)\(padding)# \(entry.summary)\n" : line + "\n"
    }
    return text
  }

  /// The keys whose values differ from those of `other`, each with both values, but for those that may change.
  ///
  /// - Parameter allowed: what may change: ``ConfigurationEntry/Change/always`` for the same run.
  package func differences(
    from other: TrainingConfiguration, beyond allowed: ConfigurationEntry.Change = .always
  ) -> [String] {
    ConfigurationSchema.entries.filter { $0.mayChange < allowed }.compactMap { entry in
      let (mine, theirs) = (entry.format(self), entry.format(other))
      return mine == theirs ? nil : "\(entry.path) (\(theirs) there, \(mine) now)"
    }
  }

  /// What is impossible about these values, as (key, sentence), or nil.
  package var problem: (path: String, sentence: String)? {
    if let (property, sentence) = model.problem(naming: { ConfigurationSchema.entry(of: $0).leaf }) {
      return (ConfigurationSchema.entry(of: property).path, sentence)
    }
    if model.maskedCount == 0 && loss.onMaskedOnly {
      return (
        "model.mask_ratio", "\(model.maskRatio) of \(model.patchCount) patches hides none, so the masked loss is 0/0"
      )
    }
    if compute.gradientWire == .bf16 && compute.reduction == .mpi {
      return ("compute.gradient_wire", "bf16 needs compute.reduction reproducible: MPI sums in fp32")
    }
    if batch.globalBatchSize % batch.microBatchSize != 0 {
      return (
        "batch.micro_batch_size",
        "\(batch.microBatchSize) does not divide batch.global_batch_size \(batch.globalBatchSize)"
      )
    }
    if batch.microBatchSize % compute.passes != 0 {
      return (
        "compute.passes", "\(compute.passes) passes do not divide batch.micro_batch_size \(batch.microBatchSize)"
      )
    }
    if optimizer.baseLearningRate == nil && optimizer.learningRate == nil {
      return ("optimizer.base_lr", "either base_lr or lr must be set")
    }
    if schedule.epochs == nil && schedule.totalSteps == nil {
      return ("schedule.epochs", "either epochs or total_steps must be set")
    }
    if let warmup = schedule.warmupSteps, let total = schedule.totalSteps, warmup >= total, warmup > 0 {
      return ("schedule.warmup_steps", "the warm-up of \(warmup) steps must end before total_steps \(total)")
    }
    if let warmup = schedule.warmupEpochs, let epochs = schedule.epochs, warmup >= epochs, schedule.warmupSteps == nil {
      return ("schedule.warmup_epochs", "the warm-up of \(warmup) epochs must end before epochs \(epochs)")
    }
    let peak = optimizer.peakLearningRate(globalBatchSize: batch.globalBatchSize)
    if optimizer.minimumLearningRate > peak {
      return ("optimizer.min_lr", "\(optimizer.minimumLearningRate) is above the peak learning rate \(peak)")
    }
    return nil
  }
}
