import Kernels

/// A share of packing the weights of a block's linear maps as integers: one of `count` parts of each, for one direction.
struct WeightPart {
  let direction: QuantizedWeight.Direction
  let index: Int
  let count: Int
}
