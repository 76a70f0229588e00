import CroCoModel
import Foundation
import Runtime

/// Parameters that a run leaves as they are: they get no update and no decay, and their gradients do not count in the norm.
package struct FrozenParameters {
  /// None.
  package static let none = FrozenParameters(names: [], ranges: [])

  private let names: Set<String>
  private let ranges: [Range<Int>]  // within the flat buffers, ascending

  private init(names: Set<String>, ranges: [Range<Int>]) { (self.names, self.ranges) = (names, ranges) }

  /// Finds the parameters of some names, or beginnings of names.
  ///
  /// - Throws: `Failure` of kind `configuration` where a name is none of the network's, or nothing would be trained.
  package init(_ prefixes: [String], of store: ParameterStore) throws(Failure) {
    let all = store.parameters
    if let stray = prefixes.first(where: { prefix in !all.contains { $0.name.hasPrefix(prefix) } }) {
      throw Failure(
        .configuration, "model.frozen: no parameter of the network has a name that begins with \(stray).",
        hint: "Names are official, such as patch_embed., enc_blocks.0., decoder_embed., mask_token.")
    }
    let frozen = all.filter { parameter in prefixes.contains { parameter.name.hasPrefix($0) } }
    guard frozen.count < all.count else {
      throw Failure(.configuration, "model.frozen leaves nothing to train.", hint: "Take a name out of the list.")
    }
    self.init(names: Set(frozen.map(\.name)), ranges: frozen.map(\.range))
  }

  /// Whether a parameter is one of them.
  func contains(_ parameter: ParameterStore.Parameter) -> Bool { names.contains(parameter.name) }

  /// Sets their gradients to zero, within what a rank owns.
  func clearGradients(of store: ParameterStore, owned: [Range<Int>]) {
    guard !ranges.isEmpty else { return }
    for part in owned {
      for range in ranges where range.overlaps(part) {
        let common = range.clamped(to: part)
        (store.gradients.pointer + common.lowerBound).update(repeating: 0, count: common.count)
      }
    }
  }
}
