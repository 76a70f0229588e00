internal import CScene
import PairData

/// True optical flow from view 1 to view 2.
package struct FlowField: Sendable, Equatable {
  /// Width and height in pixels.
  package let size: Int
  /// Displacement (x, y) in pixels of each pixel of view 1, NaN where its point is hidden or outside: [H, W, 2].
  package let values: [Float]

  /// Wraps displacements.
  init(size: Int, values: [Float]) {
    precondition(values.count == size * size * 2, "flow of \(size)x\(size) pixels has \(values.count) values")
    self.size = size
    self.values = values
  }

  /// The share of the pixels of view 1 whose points view 2 shows, 0 to 1.
  var overlap: Float {
    var seen = 0
    for pixel in 0..<(size * size) where values[2 * pixel].isFinite { seen += 1 }
    return Float(seen) / Float(size * size)
  }

  /// Lengths of the finite displacements, in pixels, ascending.
  var sortedLengths: [Float] {
    (0..<(size * size)).compactMap { pixel in
      let (x, y) = (values[2 * pixel], values[2 * pixel + 1])
      return x.isFinite ? (x * x + y * y).squareRoot() : nil
    }.sorted()
  }
}

/// Renders synthetic scenes by ray tracing.
package struct SceneRenderer: Sendable {
  /// Width and height of a picture in pixels.
  package let size: Int
  /// Rays a pixel, along each axis (1 to 8).
  package let samplesPerAxis: Int

  /// A renderer of `size` x `size` pixels with `samplesPerAxis` squared rays each.
  package init(size: Int, samplesPerAxis: Int = 2) {
    precondition(size > 0 && size <= 8192, "a picture cannot be \(size) pixels wide")
    precondition((1...8).contains(samplesPerAxis), "\(samplesPerAxis) samples an axis are outside 1...8")
    self.size = size
    self.samplesPerAxis = samplesPerAxis
  }

  /// The picture that a camera takes.
  package func render(_ scene: SyntheticScene, from camera: SceneCamera) -> RGBImage {
    let light = UnsafeMutablePointer<Float>.allocate(capacity: size * size * 3)
    defer { light.deallocate() }
    let pixels = [UInt8](unsafeUninitializedCapacity: size * size * 3) { buffer, count in
      var camera = camera.kernel(size: size)
      scene.withKernel { croco_scene_render($0, &camera, Int32(samplesPerAxis), light, buffer.baseAddress!) }
      count = size * size * 3
    }
    return RGBImage(width: size, height: size, pixels: pixels)
  }

  /// The true flow between the pictures of two cameras, through the centres of the pixels of view 1.
  func flow(_ scene: SyntheticScene, from view1: SceneCamera, to view2: SceneCamera) -> FlowField {
    let values = [Float](unsafeUninitializedCapacity: size * size * 2) { buffer, count in
      var view1 = view1.kernel(size: size)
      var view2 = view2.kernel(size: size)
      scene.withKernel { croco_scene_flow($0, &view1, &view2, buffer.baseAddress!, nil, nil) }
      count = size * size * 2
    }
    return FlowField(size: size, values: values)
  }

  /// Distances along the rays through the pixels' centres (infinite: sky), and the numbers of the surfaces seen.
  func depth(_ scene: SyntheticScene, from camera: SceneCamera) -> (depth: [Float], surface: [Int32]) {
    var depth = [Float](repeating: 0, count: size * size)
    var surface = [Int32](repeating: 0, count: size * size)
    var flow = [Float](repeating: 0, count: size * size * 2)
    var camera = camera.kernel(size: size)
    scene.withKernel { croco_scene_flow($0, &camera, &camera, &flow, &depth, &surface) }
    return (depth, surface)
  }
}
