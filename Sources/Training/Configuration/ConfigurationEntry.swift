import CroCoModel
internal import Yams

/// One key of a configuration: its name, what it means, and how its value is read, checked and written.
package struct ConfigurationEntry: Sendable {
  /// The key with its section: "model.encoder_dim".
  package let path: String
  /// What the value is, to stand after "expected".
  package let expectation: String
  /// What the key means, with units.
  package let summary: String
  /// Where a run that goes on may have another value.
  package let mayChange: Change

  /// What the key sets.
  let property: PartialKeyPath<TrainingConfiguration> & Sendable
  let assign: @Sendable (Node, inout TrainingConfiguration) -> Bool
  package let format: @Sendable (TrainingConfiguration) -> String

  init<Value>(
    _ path: String, _ property: WritableKeyPath<TrainingConfiguration, Value> & Sendable,
    _ codec: ConfigurationCodec<Value>, _ summary: String, mayChange: Change = .never
  ) {
    self.path = path
    self.expectation = codec.expectation
    self.summary = summary
    self.mayChange = mayChange
    self.property = property
    assign = { node, configuration in
      guard let value = codec.parse(node) else { return false }
      configuration[keyPath: property] = value
      return true
    }
    format = { codec.format($0[keyPath: property]) }
  }

  /// Where a run that goes on may have another value of a key than it began with; each includes those before.
  package enum Change: Sendable, Comparable {
    /// Nowhere: it would be learning something else.
    case never
    /// In a branch, a folder of its own that begins with a checkpoint of the run: from there on it takes another course.
    case inBranch
    /// Everywhere: the key does not change what is computed, or, as `data.on_bad_pair`, only whether a run goes on that
    /// would else have ended.
    case always
  }

  /// The section, "" at the top level.
  package var section: String {
    path.contains(".") ? String(path.prefix { $0 != "." }) : ""
  }

  /// The key without its section.
  package var leaf: String { path.split(separator: ".").last.map(String.init) ?? path }
}

extension ModelConfiguration {
  /// [height, width] in pixels.
  var imageSize: [Int] {
    get { [imageHeight, imageWidth] }
    set { (imageHeight, imageWidth) = (newValue[0], newValue[1]) }
  }
}

extension ConfigurationSchema {
  /// The key that sets a property of the network.
  static func entry(of property: ModelConfiguration.Property) -> ConfigurationEntry {
    let isSize = property == \.imageHeight || property == \.imageWidth
    let path = (\TrainingConfiguration.model as AnyKeyPath).appending(
      path: isSize ? \ModelConfiguration.imageSize : property)
    guard let entry = entries.first(where: { $0.property == path }) else {
      preconditionFailure("no key sets \(property)")
    }
    return entry
  }
}
