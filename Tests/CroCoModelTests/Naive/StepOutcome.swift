/// What a forward and a backward pass yield, under the names of the reference data: `act.` and `grad_act.` with the official
/// modules' names, `grad.` with those of the parameters, `grad_input.img1` and `grad_input.img2`.
struct StepOutcome {
  var loss = 0.0
  var tensors: [String: [Double]] = [:]

  static let kinds = ["act.", "grad_act.", "grad.", "grad_input."]

  /// The tensors of a kind by name.
  func tensors(_ kind: String) -> [String: [Double]] { tensors.filter { $0.key.hasPrefix(kind) } }

  /// How far the tensors of a kind are from the same ones of `other`, as ||a - b|| / ||b||, worst first.
  ///
  /// A tensor that is far smaller than the largest of its kind is measured by a hundredth of that: some gradients are zero in
  /// exact arithmetic, such as those of key biases and, where there is one patch, of all queries and keys.
  func differences(from other: StepOutcome, _ kind: String) -> [(name: String, value: Double)] {
    let expected = other.tensors(kind)
    let floor = 0.01 * (expected.values.map(norm).max() ?? 0)
    return expected.map { name, values in
      guard let own = tensors[name], own.count == values.count else { return (name, Double.infinity) }
      let distance = norm(zip(own, values).map { $0 - $1 })
      if distance == 0 { return (name, 0) }
      return (name, distance.isNaN ? .infinity : distance / max(norm(values), floor))
    }.sorted { $0.1 > $1.1 }
  }

  /// How far all tensors of a kind together are from those of `other`.
  func distance(from other: StepOutcome, _ kind: String) -> Double {
    let expected = other.tensors(kind)
    let squares = expected.reduce(0) { sum, tensor in
      let own = tensors[tensor.key] ?? []
      return sum + zip(own, tensor.value).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return squares.squareRoot() / norm(expected.values.flatMap { $0 })
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
