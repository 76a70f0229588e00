import DataFixtures
import PairConversion
import PairData
import Testing

@Suite struct InspectionTests {
  @Test("a sound data set verifies, and its report counts what was written")
  func report() throws {
    try withTemporaryFolder { folder in
      let manifest = try writeDataset(folder, codec: .jpeg(quality: 80), shardBytes: 4_000)
      let verification = try DatasetVerification(path: folder, threadCount: 2)
      #expect(verification.problems == [])
      #expect(verification.shardCount == Split.allCases.reduce(0) { $0 + manifest.shards(of: $1).count })
      let report = try DatasetReport(path: folder)
      #expect(report.codec == "jpeg" && report.quality == 80 && report.licence == "CC0")
      #expect(report.splits.reduce(0) { $0 + $1.pairs } == 12)
      #expect(report.splits.reduce(0) { $0 + $1.scenes } == 4)
      #expect(report.splits.allSatisfy { $0.smallest == [32, 40] && $0.largest == [32, 40] })
      #expect(report.splits.reduce(0) { $0 + $1.overlapHistogram.reduce(0, +) } == 12)
      #expect(report.fingerprint == (try PairDataset(path: folder).fingerprint))
      let sheet = try ContactSheet().draw(PairDataset(path: folder))
      #expect(sheet.width > 4 * 320 && sheet.pixels.contains { $0 != 255 })
    }
  }
}
