import Testing
import Training

/// The warning of a network that ignores the second view.
@Suite struct ReferenceUseTests {
  @Test("three low gains in a row are a warning, once; a high one begins anew")
  func patience() {
    var use = ReferenceUse()
    #expect([0.01, 0.04, 0.02, 0.0, -0.1].map { use.note($0) != nil } == [false, false, true, false, false])
    #expect([0.2, 0.01, 0.01, 0.01].map { use.note($0) != nil } == [false, false, false, true])
  }
}
