import Runtime

/// The ranks, divided for an exchange that goes host first: those of a rank's host, and those of equal number on all hosts.
package struct HostGroups: Sendable {
  /// All ranks.
  package let communicator: any Communicator
  /// Who shares a host.
  package let layout: RankLayout

  /// The ranks of this host, by number.
  let host: any Communicator
  /// The ranks of this rank's number, by host; of ranks that own nothing (``RankLayout/ownersOfHost``) not on all hosts.
  let peers: any Communicator

  /// Finds out who shares a host (``RankLayout/init(of:)``); collective.
  ///
  /// - Parameter layout: in place of what is found; the same on every rank.
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package init(_ communicator: any Communicator, layout: RankLayout? = nil) throws(Failure) {
    self.communicator = communicator
    self.layout = if let layout { layout } else { try RankLayout(of: communicator) }
    precondition(
      self.layout.size == communicator.size, "a layout of \(self.layout.size) for \(communicator.size) ranks")
    let place = self.layout.place(of: communicator.rank)
    host = try communicator.split(color: place.host, key: place.number)
    peers = try communicator.split(color: place.number, key: place.host)
  }

  /// This rank's number among those of its host.
  var number: Int { layout.place(of: communicator.rank).number }
}

extension RankLayout {
  /// Finds out which ranks share a host (``Communicator/splitByHost()``); collective.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package init(of communicator: any Communicator) throws(Failure) {
    let neighbours = try communicator.splitByHost()
    let lowest = try neighbours.gatherBytes(Array("\(communicator.rank)".utf8))[0]
    let labels = try communicator.gatherBytes(lowest).map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
    try neighbours.finalize()
    self.init(hosts: labels)
  }
}
