import CroCoModel
import Foundation
import Runtime
import Storage

extension ModelConfiguration {
  /// The official arguments as checkpoints carry them (`croco_kwargs`): one JSON object with sorted keys.
  package var officialArgumentsJSON: String { JSON.object(officialArgumentFields).spacedText }

  /// The official arguments as fields of a JSON object, sorted by their keys.
  package var officialArgumentFields: [(String, JSON)] {
    officialArguments.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }
  }

  /// The network that a file of weights says it holds: by `croco_kwargs`, or by the constructor's call under `args.model`,
  /// as the official training script writes it. A `.pth` file without either is of CroCo v1, whose arguments are the defaults.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file.
  package init(describedBy file: any TensorFile) throws(Failure) {
    guard let network = Self.network(describedBy: file) else {
      throw Failure(
        .badData, "\(file.path) does not say which network it holds: it has no usable croco_kwargs.",
        hint: "Use a file with croco_kwargs, such as croco and the official code write.")
    }
    self = network
    try adoptPositionGrid(of: file)
  }

  private static func network(describedBy file: any TensorFile) -> ModelConfiguration? {
    if let text = file.metadata["croco_kwargs"] {
      return object(text).flatMap(ModelConfiguration.init(officialArguments:))
    }
    if let call = file.metadata["args"].flatMap(object)?["model"] as? String {
      return ConstructorCall(call).flatMap { ModelConfiguration(officialArguments: $0.arguments) }
    }
    return file is PyTorchFile ? ModelConfiguration() : nil
  }

  private static func object(_ text: String) -> [String: Any]? {
    try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
  }
}

extension ModelConfiguration.OfficialValue {
  fileprivate var json: JSON {
    switch self {
    case .integer(let value): .integer(value)
    case .integers(let values): .array(values.map { .integer($0) })
    case .number(let value): .number(value)
    case .boolean(let value): .boolean(value)
    case .text(let value): .text(value)
    }
  }
}
