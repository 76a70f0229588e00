import CroCoModel
import PairData
import Testing
import Training

/// The bridge from batches to networks.
@Suite struct NetworkInputTests {
  @Test("A network's input holds the batch that it is a part of")
  func lifetime() {
    weak var batch: PairBatch?
    func part() -> NetworkInput {
      let made = PairBatch(count: 4, height: 8, width: 16, patchCount: 2)
      made.view2.pointer[2 * 3 * 8 * 16] = 7
      made.mask.pointer[2 * 2] = 1
      batch = made
      return NetworkInput(made.parts(2)[1])
    }
    withExtendedLifetime(part()) { input in
      #expect(batch != nil)
      #expect(input.view1.rows == 2 && input.view1.columns == 3 * 8 * 16)
      #expect(input.view2.pointer[0] == 7 && input.mask.pointer[0] == 1)
    }
    #expect(batch == nil)
  }
}
