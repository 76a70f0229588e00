import Foundation
import Storage
import TestSupport
import Testing

@Suite struct PathBytesTests {
  @Test(
    "every sequence of bytes is a path, and comes back",
    arguments: [
      [], [0x61], Array("é/😀 a".utf8), [0xE9], [0x61, 0xFF, 0x2F, 0xC3, 0x28, 0xE2, 0x82], [0xF4, 0x8F, 0xBB, 0xA9],
      [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80], Array(0x80...0xFF),
    ] as [[UInt8]])
  func roundTrip(bytes: [UInt8]) {
    #expect(String(pathBytes: bytes).pathBytes == bytes)
    if let text = String(validating: bytes, as: UTF8.self), !bytes.starts(with: [0xF4]) {
      #expect(String(pathBytes: bytes) == text && text.withBytesSpelled == text)
    }
  }

  @Test("files whose names are no UTF-8 are made, listed, read and removed; people read \\xE9")
  func files() throws {
    let folder = try TemporaryFolder()
    let name = String(pathBytes: [0x63, 0xE9, 0x2E, 0x6A])
    let path = folder.path.appending(path: name)
    try File(path, .writing).write(Array("x".utf8))
    #expect(try FileSystem.names(in: folder.path) == [name])
    #expect(try File.contents(of: path) == Array("x".utf8) && FileSystem.isFile(path))
    #expect(FileSystem.resolved(path).hasSuffix(name) && name.withBytesSpelled == "c\\xE9.j")
    try FileSystem.rename(path, to: folder.path.appending(path: "plain"))
    #expect(try FileSystem.names(in: folder.path) == ["plain"])
  }
}
