import CroCoModel
import Runtime
import Storage
import Training

/// The weights of a trained network for other programs: a file of PyTorch, a safetensors file, or a folder for the Hugging
/// Face Hub. Equal weights and options give equal bytes.
package struct WeightsExport {
  /// Under whose names the tensors are.
  package enum Names: String, Sendable, CaseIterable {
    /// The official names of CroCo.
    case croco
    /// Those of the vision transformers of timm; the encoder alone.
    case timm
  }

  /// What is written, and how.
  package struct Options: Sendable {
    /// Under whose names the tensors are.
    package var names = Names.croco
    /// Which tensors; timm's names are of the encoder alone, whatever this says.
    package var part = NetworkPart.all
    /// The type of the numbers.
    package var type = FloatingType.fp32

    /// All tensors in fp32 under the official names.
    package init() {}
  }

  let model: PretrainedModel
  let options: Options
  private let tensors: [StoredTensor]

  /// Brings the tensors of a network into the form that is asked for.
  ///
  /// - Throws: `Failure` of kind `usage` where numbers are too large for the type, or timm has no such network.
  package init(_ model: PretrainedModel, _ options: Options) throws(Failure) {
    self.model = model
    self.options = options
    var tensors = Self.tensors(of: model).filter { options.part.contains($0.name) }
    if options.names == .timm { tensors = try TimmEncoder(model.configuration).renamed(tensors) }
    if options.type == .fp16 { try Self.checkRange(tensors, of: model.path) }
    self.tensors = tensors.map { StoredTensor($0.name, shape: $0.shape, $0.values, as: options.type) }
  }

  /// Parameters in forward order, then the position tables that the official `state_dict` has.
  private static func tensors(of model: PretrainedModel) -> [ModelBuffer] {
    let store = model.network.parameters
    return store.parameters.map { ($0.name, $0.shape, Array(store.values.elements[$0.range])) }
      + CroCoNet.buffers(model.configuration)
  }

  private static func checkRange(_ tensors: [ModelBuffer], of path: String) throws(Failure) {
    let largest = Float(Float16.greatestFiniteMagnitude)
    guard let tensor = tensors.first(where: { $0.values.contains { abs($0) > largest } }) else { return }
    throw Failure(
      .usage, "\(path): \(tensor.name) has values above \(Int(largest)), the largest number of fp16.",
      hint: "Export it as bf16 or fp32.")
  }

  /// Writes a `.pth`, `.pt` or `.bin` file of PyTorch, a `.safetensors` file, or else a folder for the Hub; complete or not at
  /// all.
  ///
  /// - Throws: `Failure` of kind `inputOutput` or `usage` that names the path.
  package func write(to path: String) throws {
    if [".pth", ".pt", ".bin"].contains(where: path.hasSuffix) {
      try Publication.publishFile(at: path) { try PyTorchWriter.write(tensors, beside: pickledValues, to: $0) }
    } else if path.hasSuffix(".safetensors") {
      try Publication.publishFile(at: path) { try safetensors.write(to: $0) }
    } else {
      try writeFolder(path)
    }
  }

  private func writeFolder(_ path: String) throws {
    if FileSystem.exists(path), try !FileSystem.isFolder(path) || !FileSystem.names(in: path).isEmpty {
      throw Failure(.usage, "\(path) is there already, and is no empty folder.", hint: "Choose another \(.output).")
    }
    let card = try ModelCard(self)
    try Publication.publishFolder(at: path) { folder in
      try safetensors.write(to: folder.appending(path: "model.safetensors"))
      try Publication.publishBytes(JSON.page(configuration), at: folder.appending(path: "config.json"))
      try Publication.publishText(card.text, at: folder.appending(path: "README.md"))
      if let picture = card.picture {
        try Publication.publishBytes(File.contents(of: picture), at: folder.appending(path: ModelCard.pictureFile))
      }
    }
  }

  /// What the official loaders look for beside the weights.
  private var pickledValues: [(String, JSON)] {
    options.names == .croco ? [("croco_kwargs", .object(model.configuration.officialArgumentFields))] : []
  }

  private var configuration: JSON {
    switch options.names {
    case .croco: .object(model.configuration.officialArgumentFields)
    case .timm: TimmEncoder(model.configuration).hubConfiguration
    }
  }

  private var safetensors: SafetensorsWriter {
    let arguments = ["croco_kwargs": model.configuration.officialArgumentsJSON]
    var writer = SafetensorsWriter(metadata: ["format": "pt"].merging(options.names == .croco ? arguments : [:]) { $1 })
    for tensor in tensors {
      let description = tensor.description
      writer.add(description.name, type: description.type, shape: description.shape, values: tensor.bytes)
    }
    return writer
  }
}
