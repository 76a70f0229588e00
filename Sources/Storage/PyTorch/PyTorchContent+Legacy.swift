import Runtime

extension PyTorchContent {
  /// Reads the format before PyTorch 1.6: pickles of a magic number, the protocol, the machine, the object and the keys of
  /// its storages, then each storage behind its 64-bit count of elements.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file.
  init(pickles bytes: UnsafeRawBufferPointer, path: String) throws(Failure) {
    var reader = PickleReader(bytes)
    guard try Self.next(&reader, path) == .wideInteger(Self.magicNumber) else {
      throw Failure(
        .badData, "\(path) is a pickle, but not one of torch.save.",
        hint: "Save the weights with torch.save({\"model\": state_dict}, path).")
    }
    guard try Self.next(&reader, path) == .integer(1001) else {
      throw Failure(.badData, "\(path) has a protocol of torch.save that is unknown.", hint: PyTorchFile.advice)
    }
    let machine = try Self.next(&reader, path)
    if reader.graph.field("little_endian", of: machine) == .boolean(false) { throw Self.foreignOrder(path) }
    reader = PickleReader(bytes, at: reader.offset)
    let root = try Self.next(&reader, path)
    let graph = reader.graph
    reader = PickleReader(bytes, at: reader.offset)
    let keys = try Self.next(&reader, path)
    let places = try Self.places(
      of: reader.graph.items(keys, .list) ?? [], sizes: Self.elementSizes(graph), bytes, at: reader.offset, path)
    self.init(path: path, graph: graph, root: root, storages: places)
  }

  /// 0x1950a86a20f9469cfc6c.
  private static let magicNumber: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// Bytes of an element of each storage, by its key.
  private static func elementSizes(_ graph: PickleGraph) -> [ExactText: Int] {
    var sizes: [ExactText: Int] = [:]
    for node in graph.nodes where node.kind == .storage {
      guard case .global(let kind) = node.items[1], let type = PickleName.storages[kind],
        case .text(let key) = node.items[2]
      else { continue }
      sizes[ExactText(key)] = SafetensorsWriter.elementSizes[type]
    }
    return sizes
  }

  private static func places(
    of keys: [PickleValue], sizes: [ExactText: Int], _ bytes: UnsafeRawBufferPointer, at start: Int, _ path: String
  ) throws(Failure) -> [ExactText: Range<Int>] {
    let file = ByteReader(bytes)
    var places: [ExactText: Range<Int>] = [:]
    var place = start
    for key in keys {
      guard case .text(let name) = key, let size = sizes[ExactText(name)] else {
        throw Failure(.badData, "\(path) lists a storage that no tensor has.", hint: PyTorchFile.advice)
      }
      guard let count = file.uint64(place), count <= (bytes.count - place - 8) / size else {
        throw Failure(.badData, "\(path) is cut off within its storages.", hint: PyTorchFile.advice)
      }
      places[ExactText(name)] = place + 8..<place + 8 + count * size
      place += 8 + count * size
    }
    return places
  }
}
