import CroCoModel
import Runtime
import Storage
import Training

/// `README.md` of a folder for the Hugging Face Hub: what is known of the network, and what its author has to add.
struct ModelCard {
  /// The name of the picture in the folder.
  static let pictureFile = "reconstruction.png"

  /// The run's picture of reconstructions at or before the checkpoint; nil where there is none.
  let picture: String?

  private let export: WeightsExport
  private let referenceGain: Double?

  /// Gathers what the run knows of its checkpoint.
  ///
  /// - Throws: `Failure` of kind `inputOutput` or `noInput` where a file of the run cannot be read.
  init(_ export: WeightsExport) throws(Failure) {
    self.export = export
    guard let checkpoint = export.model.checkpoint, let run = RunFolder(holding: checkpoint) else {
      (picture, referenceGain) = (nil, nil)
      return
    }
    referenceGain = try MetricsLogger.referenceGain(path: run.metricsFile, upTo: checkpoint.state.step)
    picture = try run.picture(upTo: checkpoint.state.step)
  }

  /// The page: a header in YAML, then Markdown.
  var text: String {
    ([header, introduction] + [pictureText, use, training, configuration, missing].compactMap(\.self))
      .joined(separator: "\n\n") + "\n"
  }

  private var header: String {
    let library = export.options.names == .timm ? "timm" : "pytorch"
    return """
      ---
      library_name: \(library)
      pipeline_tag: image-feature-extraction
      tags:
      - croco
      - cross-view-completion
      - self-supervised-learning
      - vision-transformer
      ---
      """
  }

  private var introduction: String {
    let what = export.options.part == .all && export.options.names == .croco ? "network" : "part of a network"
    return """
      # CroCo, pre-trained with croco

      A \(what) that was trained by cross-view completion: a vision transformer completes the masked patches of an image with \
      the help of a second view of the same scene (Weinzaepfel et al., "CroCo", NeurIPS 2022). \
      It takes \(export.model.configuration.summary).
      """
  }

  private var pictureText: String? {
    picture.map { _ in "![Reconstructions of pairs during training](\(Self.pictureFile))" }
  }

  private var use: String {
    let lines =
      switch export.options.names {
      case .timm:
        [
          "import timm", "", "# FOLDER: this one; or \"hf-hub:NAME\" once it is on the Hub",
          "encoder = timm.create_model(\"local-dir:FOLDER\", pretrained=True)",
          "features = encoder.forward_features(images)  # [B, N, C]",
        ]
      case .croco:
        [
          "import json", "from safetensors.torch import load_file", "", "arguments = json.load(open(\"config.json\"))",
          "weights = load_file(\"model.safetensors\")  # under the official names of CroCo",
        ]
      }
    return (["## Use", "", "```python"] + lines + ["```"]).joined(separator: "\n")
  }

  private var training: String? {
    guard let checkpoint = export.model.checkpoint, let training = export.model.training else { return nil }
    var rows = [
      ("steps", "\(checkpoint.state.step)"), ("pairs of a step", "\(training.batch.globalBatchSize)"),
      ("data set", "fingerprint \(checkpoint.state.dataFingerprint)"),
      ("precision of products", training.compute.precision.rawValue),
      ("numbers in this file", export.options.type.rawValue),
    ]
    if let referenceGain {
      rows.append(
        ("reference gain", "\(StepReport.fixed(referenceGain, 4)) (1 - loss with the true view / a shuffled one)"))
    }
    return (["## Training", "", "| | |", "|---|---|"] + rows.map { "| \($0) | \($1) |" }).joined(separator: "\n")
  }

  private var configuration: String? {
    guard let training = export.model.training else { return nil }
    return "## Configuration\n\n```yaml\n" + training.resolved() + "```"
  }

  private var missing: String {
    """
    ## To be added by whoever publishes it

    - **Licence**: none is given here; add `license:` to the header of this page.
    - **Data**: which images were used, and what their licences allow; add `datasets:` to the header where they have a name.
    """
  }
}
