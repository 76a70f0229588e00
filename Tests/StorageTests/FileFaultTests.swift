import Foundation
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct FileFaultTests {
  private func caught(_ body: () throws -> Void) -> Failure? {
    do {
      try body()
      return nil
    } catch {
      return error as? Failure
    }
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] { try FileSystem.names(in: folder.path).sorted() }

  private func text(_ path: String) throws -> String { String(decoding: try File.contents(of: path), as: UTF8.self) }

  private func publishTensors(_ path: String) throws {
    try Publication.publishFolder(at: path) { folder in
      var writer = SafetensorsWriter(metadata: ["a": "b"])
      for number in 0..<3 { writer.add("t\(number)", shape: [100], [Float](repeating: Float(number), count: 100)) }
      try writer.write(to: folder.appending(path: "x.safetensors"))
      let digest = try FileDigest(ofFile: folder.appending(path: "x.safetensors"))
      try Publication.publishText("\(digest)", at: folder.appending(path: "digest"))
    }
  }

  /// Whether the folder of ``publishTensors(_:)`` is whole.
  private func isWhole(_ path: String) throws -> Bool {
    let digest = try FileDigest(ofFile: path.appending(path: "x.safetensors"))
    let reader = try SafetensorsReader(path: path.appending(path: "x.safetensors"))
    return try text(path.appending(path: "digest")) == "\(digest)"
      && reader.floats("t2") == .init(repeating: 2, count: 100)
  }

  @Test("interrupted calls and calls that move few bytes change nothing", arguments: [1, 7])
  func interruptions(bytes: Int) throws {
    let folder = try TemporaryFolder()
    let faults = Faults.interrupted(bytes: bytes)
    try faults.run(on: folder.path) {
      try publishTensors(folder.path + "/x")
      #expect(try isWhole(folder.path + "/x"))
      let file = try File(folder.path + "/numbers", .updatingOrCreating)
      try file.write((0..<50).map { UInt16($0) }, at: 10)
      #expect(try file.values(UInt16.self, count: 2, at: 12) == [1, 2] && file.value(UInt16.self, at: 14) == 2)
      #expect(throws: Failure(.badData, "\(folder.path)/numbers ends before byte 114.")) { try file.bytes(104..<114) }
      let lines = try File(folder.path + "/lines", .appending)
      for line in ["first\n", "second\n"] { try lines.write(Array(line.utf8)) }
      #expect(try text(folder.path + "/lines") == "first\nsecond\n")
      #expect(try File(folder.path + "/lines", .reading).readToEnd().count == 13)
    }
    #expect(try isWhole(folder.path + "/x"))
    #expect(faults.calls.count > 1200 / bytes)
  }

  @Test(
    "whichever call fails, a file is the old one or the new one, and nothing else is left", arguments: [ENOSPC, EIO])
  func files(code: Int32) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/file"
    let counted = Faults()
    try counted.run(on: folder.path) { try Publication.publishText("old", at: path) }
    #expect(counted.calls.map(\.kind) == [.create, .write, .synchronize, .rename, .synchronize])
    for place in 1...counted.calls.count {
      try Publication.publishText("old", at: path)
      let failure = try #require(
        Faults.at(place, code).run(on: folder.path) { caught { try Publication.publishText("new", at: path) } })
      #expect(failure.kind == .inputOutput && failure.message.contains(folder.path), "\(failure)")
      #expect(failure.message.contains(Failure.systemText(code)), "\(failure)")
      #expect(try names(folder) == ["file"])
      #expect(try text(path) == (place < 5 ? "old" : "new"))
    }
  }

  @Test("wherever a writer dies, a file is the old one or the new one, and the next start removes what it left")
  func deaths() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/file"
    for place in 1...6 {
      try Publication.publishText("old", at: path)
      _ = Faults.from(place, EIO).run(on: folder.path) { caught { try Publication.publishText("new", at: path) } }
      #expect(try text(path) == (place < 5 ? "old" : "new"))
      Publication.removeLeftovers(in: folder.path)
      #expect(try names(folder) == ["file"])
    }
  }

  @Test("whichever call fails or is the last, a folder is whole or not there", arguments: [ENOSPC, EIO])
  func folders(code: Int32) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x"
    let counted = Faults()
    try counted.run(on: folder.path) { try publishTensors(path) }
    for place in 1...counted.calls.count {
      for faults in [Faults.at(place, code), Faults.from(place, code)] {
        try FileSystem.removeTree(path)
        let failure = faults.run(on: folder.path) { caught { try publishTensors(path) } }
        // That a folder is there already is no failure, nor that there is nothing to remove.
        if let failure { #expect(failure.kind == .inputOutput && failure.message.contains(folder.path), "\(failure)") }
        #expect(failure != nil || counted.calls[place - 1].kind == .createFolder)
        Publication.removeLeftovers(in: folder.path)
        if try names(folder) != [] {
          #expect(try names(folder) == ["x"] && isWhole(path))
          #expect(failure == nil || place == counted.calls.count)
        }
      }
    }
  }

  @Test("a full disk that shows only when a file is closed is a failure")
  func closing() throws {
    let folder = try TemporaryFolder()
    let full = Faults { _, call in call.kind == .close ? .error(ENOSPC) : nil }
    let writer = SafetensorsWriter()
    for write in [
      { try writer.write(to: folder.path + "/x") }, { try Publication.publishText("x", at: folder.path + "/x") },
    ] {
      let failure = try #require(full.run(on: folder.path) { caught { try write() } })
      #expect(failure.message == "Cannot write \(folder.path)/x: No space left on device.")
      #expect(failure.hint != nil)
    }
  }

  @Test("what cannot be read now is an input error, not bad data or nothing")
  func reading() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x"
    try publishTensors(path)
    let reads: [(FileCall.Kind, () throws -> Void)] = [
      (.read, { _ = try File.contents(of: path + "/digest") }),
      (.open, { _ = try File.contents(of: path + "/digest") }),
      (.read, { _ = try FileDigest(ofFile: path + "/digest") }),
      (.look, { _ = try File.contents(of: path + "/digest") }),
      (.map, { _ = try SafetensorsReader(path: path + "/x.safetensors") }),
      (.list, { _ = try FileSystem.names(in: path) }),
      (.look, { _ = try FileSystem.status(of: path) }),
    ]
    for (kind, read) in reads {
      try read()
      let broken = Faults { _, call in call.kind == kind ? .error(EIO) : nil }
      let failure = try #require(broken.run(on: folder.path) { caught(read) })
      #expect(failure.kind == .inputOutput && failure.message.contains("Input/output error"), "\(failure)")
      #expect(failure.message.contains(path), "\(failure)")
    }
    #expect(try FileSystem.names(in: folder.path + "/missing") == [])
    #expect(throws: Failure(.noInput, "Cannot read \(path)/none: No such file or directory.")) {
      try File.contents(of: path + "/none")
    }
  }

  @Test("faults concern one folder, and end with the block")
  func scope() throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    let all = Faults { _, _ in .error(EIO) }
    try all.run(on: folder.path) {
      #expect(caught { try Publication.publishText("x", at: folder.path + "/x") } != nil)
      try Publication.publishText("x", at: other.path + "/x")
    }
    try Publication.publishText("x", at: folder.path + "/x")
  }

  @Test("a lock is taken once, is let go with its object, and removed files have none")
  func locks() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/lock"
    var lock = try FileLock(path)
    #expect(lock != nil)
    #expect(try FileLock(path) == nil)
    lock = nil
    #expect(try FileLock(path) != nil)
    // Some file systems have no locks.
    let unlocked = Faults { _, call in call.kind == .lock ? .error(ENOLCK) : nil }
    try unlocked.run(on: folder.path) {
      let lock = try FileLock(path)
      #expect(lock != nil)
    }
  }

  @Test("a folder is removed with all that is in it, links are not followed")
  func trees() throws {
    let folder = try TemporaryFolder()
    try FileSystem.createFolder(folder.path + "/a/b/c")
    try FileSystem.createFolder(folder.path + "/kept")
    try Publication.publishText("x", at: folder.path + "/kept/x")
    try Publication.publishText("x", at: folder.path + "/a/b/x")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/a/b/link", withDestinationPath: folder.path + "/kept")
    try FileSystem.removeTree(folder.path + "/a")
    try FileSystem.removeTree(folder.path + "/a")
    #expect(try names(folder) == ["kept"])
    #expect(try FileSystem.names(in: folder.path + "/kept") == ["x"])
  }

  @Test("paths are joined with one separator")
  func paths() {
    #expect("a".appending(path: "b") == "a/b")
    #expect("a/".appending(path: "b/c") == "a/b/c")
    #expect("/".appending(path: "b") == "/b")
    #expect("".appending(path: "b") == "b")
  }

  @Test("the output of a program is read to its end, and its status told")
  func programs() throws {
    let folder = try TemporaryFolder()
    let program = try Subprocess(
      ["/bin/sh", "-c", "echo output; echo trouble >&2; exit 3"], errorFile: folder.path + "/e")
    #expect(String(decoding: try program.output.readToEnd(), as: UTF8.self) == "output\n")
    #expect(program.finish() == 3)
    #expect(try text(folder.path + "/e") == "trouble\n")
    #expect(throws: Failure.self) { _ = try Subprocess([folder.path + "/none"], errorFile: folder.path + "/e") }
  }

  @Test("The system's error is found in another library's text of a failure")
  func systemCodes() {
    let text =
      "file write failed: time = Sat Nov 28, filename = 'a.h5', errno = 28, error message = 'No space left', buf = 0x1"
    #expect(Failure.systemCode(namedIn: text) == 28)
    #expect(Failure.systemCode(namedIn: "unable to extend file") == nil)
  }
}
