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

    private init(mean: UnsafeMutablePointer<Float>, scale: UnsafeMutablePointer<Float>) {
      (self.mean, self.scale) = (mean, scale)
    }

    /// The statistics of a range of rows.
    subscript(rows: Range<Int>) -> Statistics {
      Statistics(mean: mean + rows.lowerBound, scale: scale + rows.lowerBound)
    }
  }

  /// output = norm(input): [rows, C], with the statistics of these rows kept.
  func forward<Element: MatrixElement>(
    _ input: Matrix, into output: MatrixView<Element>, _ statistics: Statistics
  ) {
    normalization(statistics).apply(to: input, into: output)
  }

  /// Ends a residual branch and normalises: stream += branch bias + residual, output = norm(stream). [rows, C]
  func forward<Element: MatrixElement>(
    addingTo stream: Matrix, branchBias: UnsafePointer<Float>, residual: Matrix, into output: MatrixView<Element>,
    _ statistics: Statistics
  ) {
    normalization(statistics).apply(addingTo: stream, branchBias: branchBias, residual: residual, into: output)
  }

  /// inputGradient = residualGradient + gradient through the norm; the norm's output is formed again in `output`.
  ///
  /// - Parameter partial: weight gradient, then bias gradient, of this slab: [2, C], added to.
  func backward<Element: MatrixElement>(
    _ outputGradient: Matrix, input: Matrix, _ statistics: Statistics, residualGradient: Matrix?,
    into inputGradient: Stream<Element>, recomputing output: MatrixView<Element>, partial: UnsafeMutablePointer<Float>
  ) {
    normalization(statistics).backward(
      outputGradient, x: input, residual: residualGradient, into: inputGradient, recomputing: output,
      parameterGradients: partial)
  }

  private func normalization(_ statistics: Statistics) -> Normalization {
    Normalization(weight: weight, bias: bias, mean: statistics.mean, scale: statistics.scale)
  }

  /// The gradients as the slabs' partial sums, added in order, to what is there where `adding`.
  func formGradients(_ partials: NormPartials, slot: Int, adding: Bool) {
    if !adding {
      weightGradient.update(repeating: 0, count: dimension)
      biasGradient.update(repeating: 0, count: dimension)
    }
    for slab in 0..<partials.slabCount {
      let partial = partials.pointer(slot: slot, slab: slab)
      addVector(partial, to: weightGradient, count: dimension)
      addVector(partial + dimension, to: biasGradient, count: dimension)
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
