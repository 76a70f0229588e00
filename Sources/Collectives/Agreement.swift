import Runtime

/// Failing together: a rank that fails alone would leave the others waiting in their next collective.
extension Communicator {
  /// Throws on every rank if any rank has a failure: that of the lowest such rank, with its number and host if not all share it.
  ///
  /// - Throws: the same ``Failure`` on all ranks, or one of the communication itself.
  package func agree(on failure: Failure?) throws(Failure) {
    guard try combineFlags(failure == nil ? 0 : 1) != 0 else { return }
    let failures = try gatherFailures(failure)
    guard let first = failures.firstIndex(where: { $0 != nil }), let chosen = failures[first] else { return }
    guard failures.contains(where: { $0 != chosen }) else { throw chosen }
    let host = String(decoding: try gatherBytes(Array(hostName.utf8))[first], as: UTF8.self)
    throw Failure(chosen.kind, "Rank \(first) of \(size) (\(host)): \(chosen.message)", hint: chosen.hint)
  }

  /// Runs `body` on every rank and throws on all of them if it throws on any. `body` makes no collective call.
  ///
  /// - Throws: the same ``Failure`` on all ranks; other errors become failures of kind `internalError`.
  package func together<Value>(_ body: () throws -> Value) throws(Failure) -> Value {
    var value: Value?
    var failure: Failure?
    do {
      value = try body()
    } catch {
      failure = Failure(describing: error)
    }
    try agree(on: failure)
    guard let value else { preconditionFailure("a rank without a value has a failure, and agree(on:) throws it") }
    return value
  }

  /// Every rank's failure, by rank.
  func gatherFailures(_ failure: Failure?) throws(Failure) -> [Failure?] {
    var bytes: [UInt8] = []
    if let failure {
      bytes = [UInt8(failure.kind.rawValue)] + Array(failure.message.utf8)
      if let hint = failure.hint { bytes += [0] + Array(hint.rawValue.utf8) }
    }
    return try gatherBytes(bytes).map(Self.failure(from:))
  }

  private static func failure(from bytes: [UInt8]) -> Failure? {
    guard let code = bytes.first, let kind = Failure.Kind(rawValue: Int32(code)) else { return nil }
    let texts = bytes.dropFirst().split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    return Failure(
      kind, String(decoding: texts[0], as: UTF8.self),
      hint: texts.count > 1 ? Advice(rawValue: String(decoding: texts[1], as: UTF8.self)) : nil)
  }
}
