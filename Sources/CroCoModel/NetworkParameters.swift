import Kernels
import Runtime

/// The parameters as a network's matrix products read them: the store's own values, or a copy of them in bf16 where products
/// cannot round what they read.
final class NetworkParameters<Element: MatrixElement> {
  let store: ParameterStore
  /// The values as of the last ``update(_:)``, [store.count].
  private let copy: UnsafeMutablePointer<Element>?

  init(_ store: ParameterStore) {
    self.store = store
    copy =
      Element.products.pointee.roundsFactors
      ? nil : Element.mirror(store.values.pointer, count: store.count, allocate: store.copyMemory)
  }

  /// The values from a place of the store on, as a matrix.
  func factor(from start: Int, rows: Int, columns: Int) -> Factor<Element> {
    if let copy { return MatrixView(copy + start, rows: rows, columns: columns).factor }
    return Factor(rounding: Matrix(store.values.pointer + start, rows: rows, columns: columns))
  }

  /// Copies the values, where there is a copy. Cheap beside a pass through the network, so each forward pass begins with it
  /// and nobody has to remember who changes parameters.
  func update(_ pool: WorkerPool) {
    guard let copy else { return }
    let parts = 8 * pool.workerCount
    pool.run(parts) { part, _ in
      let range = Partition.range(part, of: parts, count: store.count, grain: 16)
      Element.convert(
        store.values.pointer + range.lowerBound, into: copy + range.lowerBound, count: range.count)
    }
  }
}
