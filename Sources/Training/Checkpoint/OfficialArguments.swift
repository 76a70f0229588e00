import CroCoModel
import Storage

extension ModelConfiguration {
  /// The official arguments as checkpoints carry them (`croco_kwargs`): one JSON object with sorted keys.
  package var officialArgumentsJSON: String {
    JSON.object(officialArguments.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }).spacedText
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
