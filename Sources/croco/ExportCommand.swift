import ArgumentParser
import CroCoModel
import Evaluation
import Runtime
import Storage

/// `croco export`: weights for PyTorch, timm and the Hugging Face Hub.
struct ExportCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a network's weights for PyTorch, timm or the Hugging Face Hub.",
    discussion: """
      The ending of the output decides: .pth (or .pt, .bin) is what torch.save writes, {"model": ..., "croco_kwargs": ...}, and \
      loads with weights_only=True; .safetensors is one file of tensors; any other name is a folder for the Hub with \
      config.json, model.safetensors and a model card.
      """)

  @Argument(
    help: "A run folder (its newest checkpoint), RUN/best, a checkpoint folder or a .safetensors or .pth file.",
    completion: .file())
  var input: String

  @Argument(help: "The file or folder to write.", completion: .file())
  var output: String

  @OptionGroup var choice: WeightsChoice

  @Option(help: "croco: the official names; timm: the encoder alone, as a vision transformer of timm.")
  var names = WeightsExport.Names.croco

  @Option(help: "all, encoder or decoder.")
  var part = NetworkPart.all

  @Option(help: "The type of the numbers: fp32, fp16 or bf16.")
  var precision = ExportPrecision.fp32

  func validate() throws {
    guard names == .croco || part != .decoder else {
      throw ValidationError("timm has no decoder; leave out --part.")
    }
  }

  func compute() throws {
    let model = try PretrainedModel(path: input, choice.weights)
    Croco.warn(model.warnings)
    var options = WeightsExport.Options()
    (options.names, options.part, options.type) = (names, part, precision.type)
    try WeightsExport(model, options).write(to: output)
    print("\(output): the weights of \(model.path).")
  }
}

/// `croco import`: weights of other programs as a weights file of croco.
struct ImportCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Turns a .pth or .safetensors file of CroCo's weights into a weights file of croco.",
    discussion: """
      The pickle in a .pth file is read without running anything: tensors and plain values are taken, all else is refused. \
      The file must hold a whole network; a part of one starts a run by the key model.initial_weights.
      """)

  @Argument(help: "A .pth or .safetensors file.", completion: .file())
  var input: String

  @Argument(help: "The .safetensors file to write.", completion: .file())
  var output: String

  func validate() throws {
    guard output.hasSuffix(".safetensors") else { throw ValidationError("The output's name ends in .safetensors.") }
  }

  func compute() throws {
    let model = try PretrainedModel(path: input)
    Croco.warn(model.warnings)
    try WeightsExport(model, .init()).write(to: output)
    print("\(output): \(model.configuration.summary)")
  }
}

/// The types of numbers that weights are exported in.
enum ExportPrecision: String, CaseIterable, ExpressibleByArgument {
  case fp32, fp16, bf16

  var type: FloatingType {
    switch self {
    case .fp32: .fp32
    case .fp16: .fp16
    case .bf16: .bf16
    }
  }
}

extension WeightsExport.Names: ExpressibleByArgument {}

extension NetworkPart: ExpressibleByArgument {}
