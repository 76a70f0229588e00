import CroCoModel
import Foundation
import Kernels
import Runtime
import Storage
import Testing

/// A case of the reference data: tensors and their description.
struct ReferenceCase {
  let tensors: SafetensorsReader
  let description: [String: Any]

  init(_ name: String) throws {
    tensors = try SafetensorsReader(path: Self.path(name + ".safetensors"))
    let data = try Data(contentsOf: URL(fileURLWithPath: Self.path(name + ".json")))
    description = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  static func path(_ file: String) -> String { Bundle.module.resourcePath! + "/Fixtures/" + file }

  func callAsFunction(_ name: String) throws -> [Float] { try tensors.floats(name) }

  var arguments: [String: Any] { description["config"] as? [String: Any] ?? [:] }

  func configuration(positionEmbedding: String? = nil) throws -> ModelConfiguration {
    var arguments = arguments
    if let positionEmbedding { arguments["pos_embed"] = positionEmbedding }
    return try #require(ModelConfiguration(officialArguments: arguments))
  }

  /// A scalar in double precision.
  func scalar(_ name: String) throws -> Double {
    let scalars = try #require(description["scalars"] as? [String: [String: Any]])
    return try #require(scalars[name]?["f64"] as? Double)
  }

  /// Copies the tensors `prefix` + official name into a network's parameters; every parameter must be there.
  func load(_ store: ParameterStore, prefix: String = "param.") throws {
    for parameter in store.parameters {
      let values = try self(prefix + parameter.name)
      #expect(values.count == parameter.range.count, "\(parameter.name)")
      for (index, value) in zip(parameter.range, values) { store.values.pointer[index] = value }
    }
  }
}

/// A network on one micro-batch of a reference case, with loss.
final class ReferenceRun {
  let configuration: ModelConfiguration
  let store: ParameterStore
  let network: CroCoNet
  let batchSize: Int
  let view1: AlignedBuffer<Float>
  let view2: AlignedBuffer<Float>
  let mask: AlignedBuffer<UInt8>
  let input: NetworkInput
  let pool: WorkerPool
  let slabCount: Int

  init(
    _ reference: ReferenceCase, positionEmbedding: String? = nil, parameterPrefix: String = "param.", workers: Int = 2,
    slabs: Int = 2, precision: Precision = .fp32, activations: ActivationPolicy = .keep
  ) throws {
    configuration = try reference.configuration(positionEmbedding: positionEmbedding)
    batchSize = try #require(reference.arguments["batch"] as? Int)
    store = CroCoNet.makeParameters(configuration)
    try reference.load(store, prefix: parameterPrefix)
    pool = WorkerPool(workerCount: workers)
    slabCount = slabs
    network = CroCoNet(
      configuration, batchSize: batchSize, slabCount: slabs, parameters: store, pool: pool, precision: precision,
      activations: activations)
    view1 = Self.buffer(try reference("img1"))
    view2 = Self.buffer(try reference("img2"))
    mask = Self.buffer(try reference.tensors.bytes("mask"))
    input = Self.input(view1, view2, mask, batchSize)
  }

  static func input(
    _ view1: AlignedBuffer<Float>, _ view2: AlignedBuffer<Float>, _ mask: AlignedBuffer<UInt8>, _ batchSize: Int
  ) -> NetworkInput {
    func rows<Element>(_ buffer: AlignedBuffer<Element>) -> MatrixView<Element> {
      MatrixView(buffer.pointer, rows: batchSize, columns: buffer.count / batchSize)
    }
    return NetworkInput(view1: rows(view1), view2: rows(view2), mask: rows(mask), owner: (view1, view2, mask))
  }

  static func buffer<Element>(_ values: [Element]) -> AlignedBuffer<Element> {
    let buffer = AlignedBuffer<Element>(count: values.count)
    _ = buffer.elements.update(fromContentsOf: values)
    return buffer
  }

  func forward() { network.forward(input) }

  func loss(_ objective: any Objective) -> Double { objective.loss(of: network.prediction, for: input) }

  func makeLoss(normalizesPatches: Bool = true, onMaskedOnly: Bool = true, kind: LossConfiguration.Kind = .l2)
    -> any Objective
  {
    var loss = LossConfiguration()
    loss.normalizesPatches = normalizesPatches
    loss.onMaskedOnly = onMaskedOnly
    loss.kind = kind
    return loss.makeObjective(configuration, batchSize: batchSize, slabCount: slabCount, pool: pool)
  }

  /// Runs forward and backward, returns the loss.
  func step(_ objective: any Objective) -> Double {
    let value = network.loss(of: input, by: objective)
    network.backward(from: objective, for: input, scale: 1)
    return value
  }

  func gradient(_ name: String) -> [Float] { Array(store.gradients.elements[store.parameter(name).range]) }
}
