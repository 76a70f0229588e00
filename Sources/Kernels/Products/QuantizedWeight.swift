internal import CGEMM
import Runtime

/// The weight of a linear map as int8 products read it: packed for one direction at a time, quantised with a scale for each channel
/// of the result.
///
/// Source: SwitchBack (Wortsman et al., 2023), with a scale for each channel of the weight instead of one for all. Products
/// with it quantise the rows of their left factor, each with a scale of its own, and sum integers exactly.
package struct QuantizedWeight: @unchecked Sendable {
  /// Which product reads the weight.
  package enum Direction: Sendable {
    /// y = x W^T: channels are outputs.
    case forward
    /// dx = dy W: channels are inputs.
    case backward
  }

  let outputs: Int, inputs: Int
  private let panels: UnsafeMutablePointer<UInt8>
  private let scales: UnsafeMutablePointer<Float>

  /// A weight [outputs, inputs] that is not packed yet.
  ///
  /// - Parameter allocate: gives memory, 64-byte-aligned, of a number of floats.
  package init(outputs: Int, inputs: Int, allocate: (_ floats: Int) -> UnsafeMutablePointer<Float>) {
    (self.outputs, self.inputs) = (outputs, inputs)
    let bytes = max(croco_int8_bytes(inputs, outputs), croco_int8_bytes(outputs, inputs))
    panels = UnsafeMutableRawPointer(allocate(bytes / MemoryLayout<Float>.stride))
      .bindMemory(to: UInt8.self, capacity: bytes)
    let panelWidth = 32
    scales = allocate((max(outputs, inputs) + panelWidth - 1) / panelWidth * panelWidth)
  }

  /// Packs one of `parts` parts of the weight [outputs, inputs] for products of a direction; what it was packed for is lost.
  package func pack(_ weight: Matrix, for direction: Direction, part: Int, of parts: Int) {
    let (k, n) = direction == .forward ? (inputs, outputs) : (outputs, inputs)
    let range = Partition.range(part, of: parts, count: croco_int8_panels(n))
    if range.isEmpty { return }
    withInC { packed in
      let status = croco_int8_pack(
        direction == .forward ? 1 : 0, k, n, weight.pointer, weight.stride, packed, range.lowerBound, range.upperBound)
      precondition(status == 0, "no memory is left for a thread's workspace of matrix products")
    }
  }

  /// What C functions take.
  func withInC<Value>(_ body: (UnsafePointer<croco_int8_weight>) -> Value) -> Value {
    withUnsafePointer(to: croco_int8_weight(panels: panels, scales: scales), body)
  }
}
