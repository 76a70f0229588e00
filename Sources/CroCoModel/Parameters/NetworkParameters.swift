import Kernels
import Runtime

/// Where layers declare their parameters and get them from, as matrix products read them: the store's own values, or a copy
/// of them in bf16 where products cannot round what they read.
///
/// The same initialisers of layers first declare, when there is no store yet, then find what they declared in a store. Without a
/// store pointers must not be followed.
final class NetworkParameters<Element: MatrixElement> {
  /// A layer's parameters in the store.
  struct Place {
    /// Where they lie in the flat buffers.
    let range: Range<Int>
    let values: UnsafeMutablePointer<Float>
    let gradients: UnsafeMutablePointer<Float>
  }

  /// What the layers have declared so far, in the order of the store.
  private(set) var declarations: [ParameterDeclaration] = []

  /// The fixed tables that the layers have declared so far.
  private(set) var tables: [FixedTable] = []

  private let store: ParameterStore?
  /// The values as of the last ``update(_:)``, [store.count].
  private let copy: UnsafeMutablePointer<Element>?
  private var ranges: [Range<Int>] = []  // of what was declared

  /// Parameters that are only declared.
  init() {
    store = nil
    copy = nil
  }

  /// The parameters of a store, which may hold those of other layers, too.
  init(_ store: ParameterStore) {
    self.store = store
    copy =
      Element.products.pointee.roundsFactors
      ? nil : Element.mirror(store.values.pointer, count: store.count, allocate: store.copyMemory)
  }

  /// Declares a layer's parameters, which lie side by side in the store, and returns their place.
  func declare(_ layer: [ParameterDeclaration]) -> Place {
    declarations += layer
    let range = range(of: layer)
    ranges.append(range)
    guard let store else {
      let nowhere = UnsafeMutablePointer<Float>(bitPattern: 64)!
      return Place(range: range, values: nowhere, gradients: nowhere)
    }
    return Place(
      range: range, values: store.values.pointer + range.lowerBound,
      gradients: store.gradients.pointer + range.lowerBound)
  }

  /// Declares a table that the official `state_dict` holds although it is not trained.
  func declare(_ table: FixedTable) { tables.append(table) }

  /// Makes neighbouring layers and tells where their parameters lie together.
  func range<Layers>(_ make: () -> Layers) -> (layers: Layers, range: Range<Int>) {
    let first = ranges.count
    let layers = make()
    return (layers, ranges[first].lowerBound..<ranges[ranges.count - 1].upperBound)
  }

  private func range(of layer: [ParameterDeclaration]) -> Range<Int> {
    guard let store else {
      let start = ranges.last?.upperBound ?? 0
      return start..<start + layer.reduce(0) { $0 + $1.count }
    }
    let found = layer.map { store.parameter($0.name) }
    for (declaration, parameter) in zip(layer, found) {
      precondition(
        parameter.shape == declaration.shape, "\(parameter.name) is \(parameter.shape), not \(declaration.shape)")
    }
    for (first, second) in zip(found, found.dropFirst()) {
      precondition(
        first.range.upperBound == second.range.lowerBound, "\(first.name) and \(second.name) do not lie side by side")
    }
    return found[0].range.lowerBound..<found[found.count - 1].range.upperBound
  }

  /// Matrices [rows, columns] at a place, as a factor of products.
  func factor(_ place: Place, rows: Int, columns: Int) -> Factor<Element> {
    if let copy { return Factor(MatrixView(copy + place.range.lowerBound, rows: rows, columns: columns)) }
    return Factor(rounding: Matrix(place.values, rows: rows, columns: columns))
  }

  /// Whether no values are on their way from other ranks.
  var haveArrived: Bool { store?.hasArrived ?? true }

  /// Copies the values, where there is a copy. Cheap beside a pass through the network, so each forward pass begins with it
  /// and nobody has to remember who changes parameters.
  func update(_ pool: WorkerPool) {
    guard let copy, let store else { return }
    store.arrival.wait(for: store.count)
    let parts = 8 * pool.workerCount
    pool.run(parts) { part, _ in
      let range = Partition.range(part, of: parts, count: store.count, grain: 16)
      Element.convert(
        store.values.pointer + range.lowerBound, into: copy + range.lowerBound, count: range.count)
    }
  }
}
