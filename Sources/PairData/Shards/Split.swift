/// The part of a data set that a pair belongs to; all pairs of a scene belong to the same one.
package enum Split: String, Sendable, CaseIterable {
  case train
  case validation = "val"

  /// The file name of the split's shard `number`, such as train-00000.h5.
  package func shardName(_ number: Int) -> String {
    let digits = String(number)
    return "\(rawValue)-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".h5"
  }
}
