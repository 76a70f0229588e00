import CroCoModel
public struct LossConfiguration: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable { case l2, l1 }
  public var kind = Kind.l2
  public var normalizesPatches = true
  public var onMaskedOnly = true
  public init() {}
}
public enum Split: String, Sendable, CaseIterable {
  case train
  case validation = "val"
}
public struct LoaderConfiguration { public enum PairTransforms: String, Sendable, CaseIterable { case independent, shared } }
public enum Reduction: String, Sendable, CaseIterable { case reproducible, mpi }
enum BLAS { static var coreName: String { "" } }
