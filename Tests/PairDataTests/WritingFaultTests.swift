import DataFixtures
import Foundation
import PairData
import Runtime
import Storage
import TestSupport
import Testing

/// What is left of a data set where writing it fails or the process dies. The helper `death-check` writes the same one.
@Suite(.serialized) struct WritingFaultTests {
  /// The names and digests of the files of a folder.
  private func files(_ folder: String) throws -> [String: FileDigest] {
    let names = try FileSystem.names(in: folder)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try FileDigest(ofFile: folder.appending(path: $0))) })
  }

  private func whole(_ folder: TemporaryFolder) throws -> (files: [String: FileDigest], places: [Int]) {
    let counted = Faults()
    try counted.run(on: folder.path + "/whole") { try writeFourPairs(folder.path + "/whole") }
    let files = try files(folder.path + "/whole")
    #expect(files.count > 2 && files[DatasetManifest.fileName] != nil)
    return (files, counted.places)
  }

  @Test("interrupted calls and calls that move few bytes give the same data set")
  func interruptions() throws {
    let folder = try TemporaryFolder()
    let expected = try whole(folder).files
    try Faults.interrupted(bytes: 100).run(on: folder.path + "/set") { try writeFourPairs(folder.path + "/set") }
    #expect(try files(folder.path + "/set") == expected)
  }

  @Test("whichever call fails, nothing is left, and the next try works", arguments: [ENOSPC, EIO])
  func failures(code: Int32) throws {
    let folder = try TemporaryFolder()
    let (expected, places) = try whole(folder)
    let path = folder.path + "/set"
    for place in places {
      let thrown = Faults.at(place, code).run(on: path) { failure { try writeFourPairs(path) } }
      if let thrown {
        #expect(thrown.kind == .inputOutput && thrown.message.contains(path), "\(thrown)")
        #expect(!FileSystem.exists(path), "call \(place)")
        try writeFourPairs(path)
      }
      #expect(try files(path) == expected, "call \(place)")
      try FileSystem.removeTree(path)
    }
  }

  @Test(
    "wherever the process dies, there is no manifest before all shards, and the next start goes its way or says why not"
  )
  func deaths() throws {
    let folder = try TemporaryFolder()
    let (expected, places) = try whole(folder)
    let helper = try builtExecutable("death-check")
    for place in places + [places.last! + 1] {
      let path = folder.path + "/set \(place)"
      let result = try runProcess(helper, ["convert", "--output", path, "--place", "\(place)"])
      #expect(result.status == (place <= places.last! ? 9 : 0), "call \(place): \(result.output)")
      try check(path, expected)
    }
  }

  @Test("a disk that is full for HDF5 is a failure, and a death within HDF5 leaves temporary files only")
  func hdf5() throws {
    let folder = try TemporaryFolder()
    let expected = try whole(folder).files
    let helper = try builtExecutable("death-check")
    for size in [0, 100, 2000, 9000] {
      let path = folder.path + "/set \(size)"
      let arguments = ["convert", "--output", path, "--largest-file", "\(size)"]
      let result = try runProcess(helper, arguments)
      #expect(result.status == Failure.Kind.inputOutput.exitCode, "\(result)")
      #expect(result.output.contains(path), "\(result)")
      #expect(!FileSystem.exists(path))
      #expect(try runProcess(helper, arguments + ["--dies-of-large-files"]).status == 128 + SIGXFSZ)
      try check(path, expected)
    }
  }

  /// What a dead process left in a folder.
  private func check(_ path: String, _ expected: [String: FileDigest]) throws {
    let left = try files(path)
    // Files under final names are whole.
    for (name, digest) in left where expected[name] != nil { #expect(digest == expected[name], "\(path)/\(name)") }
    if left[DatasetManifest.fileName] != nil {
      #expect(Set(expected.keys).isSubset(of: left.keys), "\(path)")
      return
    }
    let refusal = failure { try writeFourPairs(path) }
    if expected.keys.contains(where: { left[$0] != nil }) {
      // Shards have their names already, the manifest is missing: the user has to decide.
      #expect(refusal?.kind == .usage && refusal?.hint != nil, "\(path)")
    } else {
      #expect(refusal == nil, "\(path)")
      #expect(try files(path) == expected, "\(path)")
    }
  }
}
