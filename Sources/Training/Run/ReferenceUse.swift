/// Notices a network that does not learn to use the second view: by its loss alone it may look well.
package struct ReferenceUse {
  /// Below this reference gain the second view hardly counts.
  static let least = 0.05
  /// So many validations in a row below it are a warning.
  static let patience = 3

  private var lowCount = 0

  /// Before the first validation.
  package init() {}

  /// Takes the gain of a validation after the warm-up.
  ///
  /// - Returns: a warning, once for each time that the gain stays low.
  package mutating func note(_ gain: Double) -> String? {
    lowCount = gain < Self.least ? lowCount + 1 : 0
    guard lowCount == Self.patience else { return nil }
    return
      "The reference gain is \(StepReport.fixed(gain, 3)), below \(Self.least) in \(Self.patience) validations since the warm-up: the"
      + " network hardly uses the second view. It may come with more steps; else look whether the two views of the pairs show the same things,"
      + " and overlap enough."
  }
}
