import PairData
import Testing

@Suite("Loading: order of samples")
struct LoadingOrderTests {
  @Test(
    "An epoch is a permutation for any number of samples",
    arguments: [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 100, 1000, 4095, 4096, 4097, 65_537])
  func bijection(count: Int) {
    for seed in [0, 1, UInt64.max] {
      for epoch in [0, 1, (1 << 24) - 1] {
        let order = SampleOrder(pairCount: count, bothOrders: false, seed: seed)
        var seen = [Bool](repeating: false, count: count)
        for place in 0..<count { seen[order.permuted(place, epoch: epoch)] = true }
        #expect(!seen.contains(false))
      }
    }
  }

  @Test("A million million samples are permuted without being stored")
  func largest() {
    let count = 1 << 40
    let order = SampleOrder(pairCount: count / 2, bothOrders: true, seed: 9)
    #expect(order.sampleCount == count)
    var seen = Set<Int>()
    var upperHalf = 0
    for place in 0..<20_000 {
      let index = order.permuted(place, epoch: 3)
      #expect((0..<count).contains(index))
      seen.insert(index)
      upperHalf += index >= count / 2 ? 1 : 0
    }
    #expect(seen.count == 20_000)
    // Binomial with 20,000 x 1/2: five deviations are 354.
    #expect(abs(upperHalf - 10_000) < 354)
    #expect(order.permuted(count - 1, epoch: 0) < count)
  }

  @Test("Epochs and seeds have different orders")
  func different() {
    func places(seed: UInt64, epoch: Int) -> [Int] {
      let order = SampleOrder(pairCount: 500, bothOrders: false, seed: seed)
      return (0..<500).map { order.permuted($0, epoch: epoch) }
    }
    let orders = [places(seed: 1, epoch: 0), places(seed: 1, epoch: 1), places(seed: 2, epoch: 0), Array(0..<500)]
    for first in 0..<orders.count {
      for second in 0..<first {
        // Two independent permutations agree at one place on average (Poisson).
        let agreeing = zip(orders[first], orders[second]).filter { $0 == $1 }.count
        #expect(agreeing < 12)
      }
    }
  }

  @Test("All orders of four samples come equally often")
  func smallOrders() {
    let order = SampleOrder(pairCount: 4, bothOrders: false, seed: 77)
    var counts: [[Int]: Int] = [:]
    for epoch in 0..<24_000 { counts[(0..<4).map { order.permuted($0, epoch: epoch) }, default: 0] += 1 }
    // 24 orders with 1,000 expected each; five deviations are 155.
    #expect(counts.count == 24)
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 155 })
  }

  @Test("With both orders every pair comes once each way in an epoch")
  func bothOrders() {
    let order = SampleOrder(pairCount: 37, bothOrders: true, seed: 4)
    for epoch in 0..<3 {
      let samples = (0..<74).map { order.sample(at: epoch * 74 + $0) }
      #expect(samples.allSatisfy { $0.epoch == epoch })
      #expect(Set(samples.map(\.index)).count == 74)
      #expect(Set(samples.filter(\.isSwapped).map(\.pair)) == Set(0..<37))
      #expect(Set(samples.filter { !$0.isSwapped }.map(\.pair)) == Set(0..<37))
      #expect(samples.allSatisfy { $0.index == 2 * $0.pair + ($0.isSwapped ? 1 : 0) })
    }
  }

  @Test("The steps' positions follow one another without gap or overlap, over the ends of epochs")
  func steps() {
    let schedule = BatchSchedule(globalBatchSize: 12, microBatchSize: 3)
    var positions: [Int] = []
    for step in 0..<5 {
      for microBatch in 0..<4 { positions += Array(schedule.positions(step: step, microBatch: microBatch)) }
    }
    #expect(positions == Array(0..<60))
    #expect((0..<20).flatMap { Array(schedule.positions(ofBatch: $0)) } == positions)
  }

  @Test("A part of the micro-batches from a later step on are the same positions")
  func partialSchedule() {
    let part = BatchSchedule(globalBatchSize: 12, microBatchSize: 3, microBatches: 2..<4, firstStep: 3)
    #expect((0..<4).map { part.positions(ofBatch: $0).lowerBound } == [42, 45, 54, 57])
  }
}
