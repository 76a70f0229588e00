import Tensors

/// The parameters as a network's matrix products read them: the store's own values in fp32, a copy of them in bf16.
final class NetworkParameters<Element: Operand> {
  let store: ParameterStore
  /// The values, [store.count], as of the last ``update(_:)``.
  let values: UnsafeMutablePointer<Element>

  init(_ store: ParameterStore) {
    self.store = store
    values = Element.mirror(store.values.pointer, count: store.count, allocate: store.copyMemory)
  }

  /// Copies the values, where there is a copy. Cheap beside a pass through the network, so each forward pass begins with it
  /// and nobody has to remember who changes parameters.
  func update(_ pool: WorkerPool) {
    if Int(bitPattern: values) == Int(bitPattern: store.values.pointer) { return }
    let parts = 8 * pool.workerCount
    pool.run(parts) { part, _ in
      let range = Partition.range(part, of: parts, count: store.count, grain: 16)
      Element.convert(
        store.values.pointer + range.lowerBound, into: values + range.lowerBound, count: range.count)
    }
  }
}
