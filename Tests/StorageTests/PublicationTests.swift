import Foundation
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct PublicationTests {
  private struct Refusal: Error {}

  @Test("A folder appears complete or not at all")
  func folders() throws {
    let folder = try TemporaryFolder()
    let target = folder.path + "/step 1"
    #expect(throws: Refusal.self) {
      try Publication.publishFolder(at: target) { temporary in
        try Publication.publishText("half", at: temporary + "/a")
        throw Refusal()
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    try Publication.publishFolder(at: target) { try Publication.publishText("whole", at: $0 + "/a") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["step 1"])
    #expect(try String(contentsOfFile: target + "/a", encoding: .utf8) == "whole")
  }

  @Test("A folder that takes another's place removes it once the new one is whole, and not before")
  func replacement() throws {
    let folder = try TemporaryFolder()
    let target = folder.path + "/step 1"
    func publish(_ text: String?) throws {
      try Publication.publishFolder(at: target) {
        try FileManager.default.removeItem(atPath: target)
      } fill: { temporary in
        guard let text else { throw Refusal() }
        try Publication.publishText(text, at: temporary + "/a")
      }
    }
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
    try publish("old")
    #expect(throws: Refusal.self) { try publish(nil) }
    #expect(try String(contentsOfFile: target + "/a", encoding: .utf8) == "old")
    try publish("new")
    #expect(try String(contentsOfFile: target + "/a", encoding: .utf8) == "new")
  }

  @Test("A failing write leaves the old file as it was")
  func files() throws {
    let folder = try TemporaryFolder()
    let target = folder.path + "/file"
    try Publication.publishText("old", at: target)
    #expect(throws: Refusal.self) { try Publication.publishFile(at: target) { _ in throw Refusal() } }
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  @Test("Leftovers of killed writers are removed, nothing else")
  func leftovers() throws {
    let folder = try TemporaryFolder()
    try FileSystem.createFolder(folder.path + "/step-1" + Publication.temporaryMarker + "99")
    try FileSystem.createFolder(folder.path + "/step-2")
    Publication.removeLeftovers(in: folder.path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["step-2"])
  }

  @Test("A path below a file cannot be created, and the failure names it")
  func impossible() throws {
    let folder = try TemporaryFolder()
    try Publication.publishText("", at: folder.path + "/file")
    #expect {
      try FileSystem.createFolder(folder.path + "/file/below")
    } throws: { error in
      (error as? Failure)?.kind == .inputOutput && "\(error)".contains("/file")
    }
  }

  @Test("Digests are those of XXH3 and change with the content")
  func digests() throws {
    let folder = try TemporaryFolder()
    try Publication.publishText("", at: folder.path + "/empty")
    try Publication.publishText("croco", at: folder.path + "/text")
    // XXH3 64 of no bytes, from the algorithm's specification.
    #expect(try FileDigest(ofFile: folder.path + "/empty").description == "2d06800538d394c2")
    let digest = try FileDigest(ofFile: folder.path + "/text")
    #expect(digest == Array("croco".utf8).withUnsafeBytes { FileDigest(of: $0) })
    #expect(FileDigest(digest.description) == digest)
    #expect(FileDigest("xyz") == nil)
  }

  @Test("A digest of pieces is that of all bytes in a row")
  func digestOfPieces() {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let stream = DigestStream()
    for (start, end) in [(0, 1), (1, 1), (1, 3000), (3000, 5000)] {
      bytes[start..<end].withUnsafeBytes { stream.update($0) }
    }
    #expect(stream.digest == bytes.withUnsafeBytes { FileDigest(of: $0) })
  }
}
