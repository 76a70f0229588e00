import Runtime

/// The names of Python's modules that pickles of weights need. None of them is called: what they would make is a node.
enum PickleName {
  /// A dictionary.
  static let orderedDictionary = "collections.OrderedDict"
  /// Arguments of a command line.
  static let namespace = "argparse.Namespace"
  /// A tuple of extents.
  static let size = "torch.Size"
  /// A tensor from its storage, place, shape and strides.
  static let tensor = "torch._utils._rebuild_tensor_v2"
  /// A tensor that is trained, from the tensor.
  static let parameter = "torch._utils._rebuild_parameter"

  /// The types of storages, under the names that safetensors has for their elements.
  static let storages = [
    "torch.FloatStorage": "F32", "torch.HalfStorage": "F16", "torch.BFloat16Storage": "BF16",
    "torch.DoubleStorage": "F64", "torch.LongStorage": "I64", "torch.IntStorage": "I32", "torch.ShortStorage": "I16",
    "torch.CharStorage": "I8", "torch.ByteStorage": "U8", "torch.BoolStorage": "BOOL",
  ]

  fileprivate static let known = Set([orderedDictionary, namespace, size, tensor, parameter] + storages.keys)
}

extension PickleReader {
  /// The name of a member of a module, where it is one of those that weights need.
  func name(module: String, _ member: String) throws(Fault) -> String {
    let name = "\(module).\(member)"
    guard PickleName.known.contains(name) else {
      throw Fault(
        reason: "its pickle asks Python for \(Self.printable(name)), which croco does not run",
        hint: """
          Do not load this file with torch.load, unless you trust its source. If you do, save its weights alone: \
          torch.save({"model": state_dict}, path).
          """)
    }
    return name
  }

  /// What a hostile file may print of itself.
  private static func printable(_ name: String) -> String {
    let isPlain = name.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
    return isPlain ? String(name.prefix(80)) : "something without a plain name"
  }

  /// `REDUCE` and `NEWOBJ`: what a call would make.
  mutating func build() throws(Fault) {
    let arguments = try pop()
    guard case .global(let name) = try pop(), let items = graph.items(arguments, .tuple) else {
      throw Fault(reason: "its pickle calls something without a name")
    }
    switch name {
    case PickleName.orderedDictionary where items.isEmpty: try push(.dictionary)
    case PickleName.orderedDictionary where items.count == 1: try pushDictionary(ofPairs: items[0])
    case PickleName.namespace where items.isEmpty: try push(.namespace)
    case PickleName.size where graph.items(items.first, .tuple) != nil: stack.append(items[0])
    case PickleName.tensor where items.count >= 6 && graph.items(items[0], .storage) != nil: try push(.tensor, items)
    case PickleName.parameter where !items.isEmpty && graph.items(items[0], .tensor) != nil: stack.append(items[0])
    default: throw Fault(reason: "its pickle makes a \(name) from arguments that do not fit")
    }
  }

  /// An ordered dictionary as Python 2 wrote it: a list of pairs.
  private mutating func pushDictionary(ofPairs pairs: PickleValue) throws(Fault) {
    var entries: [PickleValue] = []
    for pair in graph.items(pairs, .list) ?? [] {
      guard let items = graph.items(pair, .list) ?? graph.items(pair, .tuple), items.count == 2 else {
        throw Fault(reason: "its pickle makes a dictionary of what are no pairs")
      }
      entries += items
    }
    try push(.dictionary, entries)
  }

  /// `BINPERSID`: the place of a tensor's numbers.
  mutating func pushStorage() throws(Fault) {
    guard let items = graph.items(try pop(), .tuple), items.count >= 5, items[0] == .text("storage") else {
      throw Fault(reason: "its pickle refers to something that is no storage")
    }
    // PyTorch before 0.4 wrote parts of storages; their places would have to be added to those of tensors.
    guard items.count == 5 || items[5] == .none else { throw Fault(reason: "one of its storages lies within another") }
    try push(.storage, items)
  }

  /// `BUILD`: a namespace gets its attributes. Those of a dictionary (a `state_dict` has versions of modules) are left out.
  mutating func setState() throws(Fault) {
    let state = try pop()
    guard case .node(let index) = stack.last else { throw Fault(reason: "its pickle sets attributes of a plain value") }
    switch graph.nodes[index].kind {
    case .namespace:
      guard let attributes = graph.items(state, .dictionary) else {
        throw Fault(reason: "its pickle sets attributes that are no dictionary")
      }
      graph.append(attributes, to: index)
    case .dictionary: break
    default: throw Fault(reason: "its pickle sets attributes of what has none")
    }
  }
}
