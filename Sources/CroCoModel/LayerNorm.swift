internal import CTransformer
import Kernels

/// Layer normalisation with weight and bias, epsilon 1e-6, biased variance.
///
/// Source: Ba, Kiros, Hinton, "Layer Normalization", 2016. Rows are independent, so a slab of rows is a call of its own.
struct LayerNorm {
  /// Channels, C.
  let dimension: Int
  let weight: UnsafeMutablePointer<Float>  // [C]
  let bias: UnsafeMutablePointer<Float>  // [C]
  let weightGradient: UnsafeMutablePointer<Float>  // [C]
  let biasGradient: UnsafeMutablePointer<Float>  // [C]

  init(_ name: String, in store: ParameterStore) {
    let parameter = store.parameter(name + ".weight")
    dimension = parameter.range.count
    weight = store.values.pointer + parameter.range.lowerBound
    weightGradient = store.gradients.pointer + parameter.range.lowerBound
    bias = store.values.pointer + store.parameter(name + ".bias").range.lowerBound
    biasGradient = store.gradients.pointer + store.parameter(name + ".bias").range.lowerBound
  }

  /// Mean and 1 / deviation of rows, kept for backward: [rows] each.
  struct Statistics {
    let mean: UnsafeMutablePointer<Float>
    let scale: UnsafeMutablePointer<Float>

    init(_ arena: Arena, rows: Int) {
      mean = arena.floats(rows)
      scale = arena.floats(rows)
    }

    /// The statistics from a row on.
    func from(_ row: Int) -> (mean: UnsafeMutablePointer<Float>, scale: UnsafeMutablePointer<Float>) {
      (mean + row, scale + row)
    }
  }

  /// output = norm(input): [rows, C], with the statistics of the rows kept from `firstRow` on.
  func forward<Element: Operand>(
    _ input: Matrix, into output: MatrixView<Element>, _ statistics: Statistics, firstRow: Int
  ) {
    let (mean, scale) = statistics.from(firstRow)
    Element.layerNorm(input, weight, bias, into: output, mean: mean, scale: scale)
  }

  /// Ends a residual branch and normalises: stream += branch bias + residual, output = norm(stream). [rows, C]
  func forward<Element: Operand>(
    addingTo stream: Matrix, branchBias: UnsafePointer<Float>, residual: Matrix, into output: MatrixView<Element>,
    _ statistics: Statistics, firstRow: Int
  ) {
    let (mean, scale) = statistics.from(firstRow)
    Element.residualLayerNorm(
      stream, branchBias: branchBias, residual: residual, weight, bias, into: output, mean: mean, scale: scale)
  }

  /// inputGradient = residualGradient + gradient through the norm; the norm's output is formed again in `output`.
  ///
  /// - Parameter partial: weight gradient, then bias gradient, of this slab: [2, C], added to.
  func backward<Element: Operand>(
    _ outputGradient: Matrix, input: Matrix, _ statistics: Statistics, firstRow: Int, residualGradient: Matrix?,
    into inputGradient: Stream<Element>, recomputing output: MatrixView<Element>, partial: UnsafeMutablePointer<Float>
  ) {
    let (mean, scale) = statistics.from(firstRow)
    Element.layerNormBackward(
      outputGradient, input, mean: mean, scale: scale, weight, bias, residual: residualGradient,
      into: inputGradient.values, copy: inputGradient.operands, weightGradient: partial,
      biasGradient: partial + dimension, recomputing: output)
  }

  /// The gradients as the slabs' partial sums, added in order, to what is there where `adding`.
  func formGradients(_ partials: NormPartials, slot: Int, adding: Bool) {
    if !adding {
      weightGradient.update(repeating: 0, count: dimension)
      biasGradient.update(repeating: 0, count: dimension)
    }
    for slab in 0..<partials.slabCount {
      let partial = partials.pointer(slot: slot, slab: slab)
      croco_add(weightGradient, partial, dimension)
      croco_add(biasGradient, partial + dimension, dimension)
    }
  }
}

/// Per-slab sums of layer-norm gradients within one block: each slab has its own, so that their order is fixed.
struct NormPartials {
  static let slotCount = 4
  let slabCount: Int
  private let width: Int
  private let base: UnsafeMutablePointer<Float>  // [slot, slab, 2 * widest C]

  init(_ arena: Arena, slabCount: Int, widest: Int) {
    self.slabCount = slabCount
    width = 2 * widest
    base = arena.floats(Self.slotCount * slabCount * width)
  }

  func pointer(slot: Int, slab: Int) -> UnsafeMutablePointer<Float> { base + (slot * slabCount + slab) * width }

  func clear() { base.update(repeating: 0, count: Self.slotCount * slabCount * width) }
}
