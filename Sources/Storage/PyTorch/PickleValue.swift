/// A value of a pickle. What has parts stands in a ``PickleGraph``, by its number there: values may share parts and hold
/// themselves, and no chain of references has to be followed to free them.
enum PickleValue: Equatable {
  case none
  case boolean(Bool)
  case integer(Int)
  /// A whole number beyond 64 bits, as little-endian bytes of its two's complement.
  case wideInteger([UInt8])
  case number(Double)
  case text(String)
  /// The name of something that Python would import; it is only compared with the few names that are known.
  case global(String)
  /// A list, a tuple or another node of the graph.
  case node(Int)
}

/// The values with parts of a pickle.
struct PickleGraph {
  /// What a value with parts is.
  enum Kind {
    case list
    case tuple
    case set
    /// Keys and values in turn, in the order in which they were put in.
    case dictionary
    /// The attributes of an `argparse.Namespace`, keys and values in turn.
    case namespace
    /// The parts of a storage's name: "storage", type, key, device, count, ...
    case storage
    /// The arguments from which PyTorch makes a tensor: storage, offset, shape, strides, ...
    case tensor
  }

  /// A value with parts.
  struct Node {
    let kind: Kind
    var items: [PickleValue]
  }

  /// All of them, in the order in which they were made.
  private(set) var nodes: [Node] = []

  /// Adds a value with parts; nil where there are too many already.
  mutating func add(_ kind: Kind, _ items: [PickleValue] = []) -> PickleValue? {
    guard nodes.count < Self.mostNodes else { return nil }
    nodes.append(Node(kind: kind, items: items))
    return .node(nodes.count - 1)
  }

  /// Adds parts to a value.
  mutating func append(_ items: some Sequence<PickleValue>, to node: Int) { nodes[node].items += items }

  /// The parts of a value of a kind; nil for any other value.
  func items(_ value: PickleValue?, _ kind: Kind) -> [PickleValue]? {
    guard case .node(let index) = value, nodes[index].kind == kind else { return nil }
    return nodes[index].items
  }

  /// The entries of a dictionary, or the attributes of a namespace, whose keys are texts; of equal keys the last counts.
  func fields(_ value: PickleValue?) -> [(key: String, value: PickleValue)]? {
    guard let items = items(value, .dictionary) ?? items(value, .namespace) else { return nil }
    var places: [ExactText: Int] = [:]
    var fields: [(key: String, value: PickleValue)] = []
    for index in stride(from: 0, to: items.count - 1, by: 2) {
      guard case .text(let key) = items[index] else { continue }
      if let place = places[ExactText(key)] {
        fields[place].value = items[index + 1]
      } else {
        places[ExactText(key)] = fields.count
        fields.append((key, items[index + 1]))
      }
    }
    return fields
  }

  /// The value of a dictionary's key.
  func field(_ key: String, of value: PickleValue?) -> PickleValue? { fields(value)?.last { $0.key == key }?.value }

  /// A tuple or list of whole numbers from 0 on.
  func counts(_ value: PickleValue?) -> [Int]? {
    guard let items = items(value, .tuple) ?? items(value, .list) else { return nil }
    var counts: [Int] = []
    for item in items {
      guard case .integer(let count) = item, count >= 0 else { return nil }
      counts.append(count)
    }
    return counts
  }

  // Far more than any network with its optimiser has.
  private static let mostNodes = 1 << 20
}
