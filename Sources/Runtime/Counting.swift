/// A number with its noun: "1 shard", "3 shards".
///
/// - Parameter many: the plural where it is not the noun with an s, such as "micro-batches".
package func counted(_ number: Int, _ one: String, _ many: String? = nil) -> String {
  "\(number) \(number == 1 ? one : many ?? one + "s")"
}
