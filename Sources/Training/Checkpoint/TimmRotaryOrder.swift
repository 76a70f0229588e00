import CroCoModel

/// The order of the channels of queries and keys within a head: RoPE networks of timm have another than CroCo's.
///
/// CroCo turns the row's half of a head first, then the column's, and pairs feature k with k + d / 4; timm turns the column's
/// half first, and pairs neighbours. Products of queries and keys do not see the order.
package struct TimmRotaryOrder {
  private let channels: Int
  private let headSize: Int

  /// That of the encoder of a network.
  package init(_ network: ModelConfiguration) {
    channels = network.encoderDimension
    headSize = network.encoderDimension / network.encoderHeadCount
  }

  /// Weights or biases of queries, keys and values in timm's order, from CroCo's: [3 * C, ...].
  package func toTimm(_ values: [Float]) -> [Float] {
    moved(values) { timm, croco in (from: croco, to: timm) }
  }

  /// Weights or biases of queries, keys and values in CroCo's order, from timm's: [3 * C, ...].
  func fromTimm(_ values: [Float]) -> [Float] {
    moved(values) { timm, croco in (from: timm, to: croco) }
  }

  private func moved(_ values: [Float], _ move: (_ timm: Int, _ croco: Int) -> (from: Int, to: Int)) -> [Float] {
    let width = values.count / (3 * channels)
    let (half, quarter) = (headSize / 2, headSize / 4)
    var result = values
    for timm in 0..<2 * channels {
      let (head, feature) = (timm / headSize, timm % headSize)
      let (axis, place) = (feature / half, feature % half)
      let (from, to) = move(timm, head * headSize + (1 - axis) * half + place / 2 + place % 2 * quarter)
      result.replaceSubrange(to * width..<(to + 1) * width, with: values[from * width..<(from + 1) * width])
    }
    return result
  }
}
