import Evaluation
import Foundation
import PairData
import RunFixtures
import Runtime
import Testing
import Training

@Suite(.serialized) struct PictureTests {
  private func names(_ fixture: RunFixture) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: RunFolder(fixture.output("run")).pictureFolder).sorted()
  }

  @Test("a run draws at its interval and after its last step, held-out pairs or else training pairs")
  func times() throws {
    for validation in [10, 0] {
      let fixture = try RunFixture()
      let settings = ["pictures.every_steps=4", "pictures.count=2", "validation.every_steps=\(validation)"]
      try fixture.run("run", settings + ["schedule.stop_after_steps=6"]) { try $0.addPictures() }
      #expect(try names(fixture) == ["step-00000004.png", "step-00000006.png"])
      let folder = RunFolder(fixture.output("run")).pictureFolder
      let pictures = try names(fixture).map { try EncodedImage(file: folder + "/" + $0).decoded() }
      // The network has learnt something between the two.
      #expect(pictures[0].width == pictures[1].width && pictures[0].pixels != pictures[1].pixels)
    }
  }

  @Test("a run whose configuration wants no pictures draws none")
  func none() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=1"]) { try $0.addPictures() }
    #expect(!FileManager.default.fileExists(atPath: RunFolder(fixture.output("run")).pictureFolder))
  }

  @Test("pictures touch nothing that is trained")
  func neutral() throws {
    let fixture = try RunFixture()
    try fixture.run("plain")
    try fixture.run("run", ["pictures.every_steps=3"]) { try $0.addPictures() }
    #expect(try fixture.digests("run", step: 20) == fixture.digests("plain", step: 20))
    #expect(try fixture.metrics("run") == fixture.metrics("plain"))
  }
}
