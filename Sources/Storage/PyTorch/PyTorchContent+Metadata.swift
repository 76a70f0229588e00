extension PyTorchContent {
  /// What the file holds beside tensors, by the keys of its outermost dictionary: texts as they are, other values as JSON.
  /// Values that hold tensors, or more parts than people would read, are left out.
  var metadata: [String: String] {
    var metadata: [String: String] = [:]
    var total = Self.mostValuesOfAll
    for (key, value) in graph.fields(root) ?? [] {
      var budget = min(total, Self.mostValues)
      defer { total -= min(total, Self.mostValues) - budget }
      if case .text(let text) = value {
        metadata[key] = text
      } else if let json = json(value, depth: 0, &budget) {
        metadata[key] = json.spacedText
      }
    }
    return metadata
  }

  // Values of a key that are worth a line; parts that are shared count each time.
  private static let mostValues = 1000
  private static let mostValuesOfAll = 20_000
  private static let deepest = 8

  private func json(_ value: PickleValue, depth: Int, _ budget: inout Int) -> JSON? {
    budget -= 1
    guard budget >= 0, depth < Self.deepest else { return nil }
    switch value {
    case .none: return .null
    case .boolean(let value): return .boolean(value)
    case .integer(let value): return .integer(value)
    case .number(let value): return .number(value)
    case .text(let value): return .text(value)
    case .wideInteger, .global: return nil
    case .node(let index):
      let node = graph.nodes[index]
      guard node.items.count <= 2 * budget else { return nil }
      switch node.kind {
      case .list, .tuple, .set: return array(node.items, depth, &budget)
      case .dictionary, .namespace: return object(index, depth, &budget)
      case .storage, .tensor: return nil
      }
    }
  }

  private func array(_ items: [PickleValue], _ depth: Int, _ budget: inout Int) -> JSON? {
    var values: [JSON] = []
    for item in items {
      guard let value = json(item, depth: depth + 1, &budget) else { return nil }
      values.append(value)
    }
    return .array(values)
  }

  private func object(_ index: Int, _ depth: Int, _ budget: inout Int) -> JSON? {
    var fields: [(String, JSON)] = []
    // Keys that are no texts, such as the numbers of an optimiser's parameters, have no place in JSON.
    guard let entries = graph.fields(.node(index)), 2 * entries.count == graph.nodes[index].items.count else {
      return nil
    }
    for (key, value) in entries {
      guard let json = json(value, depth: depth + 1, &budget) else { return nil }
      fields.append((key, json))
    }
    return .object(fields)
  }
}
