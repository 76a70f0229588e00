import Foundation
import Runtime
import Storage
import TestSupport
import Testing

@Suite("Reading files of torch.save") struct PyTorchReadingTests {
  static func fixture(_ name: String) -> String { Bundle.module.resourcePath! + "/Fixtures/" + name }

  @Test(
    "Every type and view has the reference's values, in both formats",
    arguments: ["tensor_zoo.pth", "tensor_zoo_legacy.pth"]
  )
  func zoo(name: String) throws {
    let file = try TensorFiles.open(Self.fixture(name))
    let expected = try SafetensorsReader(path: Self.fixture("tensor_zoo.safetensors"))
    #expect(file.tensors.map(\.name).sorted() == expected.entries.map(\.name).sorted())
    for tensor in file.tensors {
      let entry = try #require(expected.entry(named: tensor.name))
      #expect(tensor.type == entry.type && tensor.shape == entry.shape, "\(tensor)")
      #expect(try file.contiguousBytes(of: tensor.name) == expected.contiguousBytes(of: tensor.name), "\(tensor.name)")
    }
    #expect(file.conversion?.contains("BF16, F16, F64") == true)
    #expect(throws: Failure.self) { try file.floats(of: "int64") }
    #expect(throws: Failure.self) { try file.contiguousBytes(of: "absent") }
  }

  @Test(
    "The reference's weights have the reference's values",
    arguments: [
      ("tiny_rope.pth", "tiny_rope"), ("tiny_rope_legacy.pth", "tiny_rope"),
      ("tiny_cosine_pretrain.pth", "tiny_cosine"),
    ])
  func weights(name: String, reference: String) throws {
    let file = try TensorFiles.open(Self.fixture(name))
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let expected = try SafetensorsReader(path: folder.path + "/CroCoModelTests/Fixtures/\(reference).safetensors")
    let names = expected.entries.map(\.name).filter { $0.hasPrefix("param.") }
    #expect(file.tensors.count == names.count)
    for name in names { #expect(try file.floats(of: String(name.dropFirst(6))) == expected.floats(name), "\(name)") }
    let arguments = try #require(file.metadata[reference == "tiny_rope" ? "croco_kwargs" : "args"])
    #expect(arguments.contains(reference == "tiny_rope" ? "\"RoPE100\"" : "pos_embed='cosine'"))
    #expect(file.metadata["epoch"] == (reference == "tiny_rope" ? "3" : "7"))
  }

  @Test(
    "Hostile and damaged files are refused, and run nothing",
    arguments: [
      ("malicious.pth", "posix.system"), ("malicious_legacy.pth", "posix.system"), ("truncated.pth", "truncated"),
      ("truncated_legacy.pth", "cut off"), ("corrupt_crc.pth", "checksum"),
    ])
  func refusals(name: String, words: String) throws {
    let path = Self.fixture(name)
    #expect {
      _ = try TensorFiles.open(path)
    } throws: { error in
      guard let failure = error as? Failure else { return false }
      return failure.kind == .badData && failure.message.contains(path) && failure.message.contains(words)
        && failure.hint != nil
    }
    #expect(!FileManager.default.fileExists(atPath: NSTemporaryDirectory() + "/pwned_by_pickle"))
  }

  /// The verdict on a pickle in a sound archive; nil where it is read.
  private func refusal(_ pickle: [UInt8]) throws -> Failure? {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x.pth"
    // A legacy file without storages: magic number, protocol, machine, object, keys.
    let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    let before = magic + [0x80, 2, 0x4D, 0xE9, 0x03, 0x2E] + [0x80, 2, 0x7D, 0x2E]
    try Data(before + pickle + [0x80, 2, 0x5D, 0x2E]).write(to: URL(fileURLWithPath: path))
    do {
      _ = try TensorFiles.open(path)
      return nil
    } catch {
      #expect(error.kind == .badData)
      return error
    }
  }

  @Test("Calls, names, and values that no weights need are refused with a sentence")
  func pickles() throws {
    let texts: [(String, String)] = [
      ("cos\nsystem\n(X\u{2}\0\0\0lstR.", "os.system"), ("cbuiltins\neval\n.", "builtins.eval"),
      ("cbuiltins\n\u{1B}[31m\n.", "without a plain name"), ("c\n\n.", "asks Python"),
      ("(cposix\nsystem\no.", "asks Python"), ("i.", "opcode 105"), ("(ios\nsystem\n.", "opcode 105"),
      ("P12\n.", "opcode 80"), ("R.", "not there"), (")R.", "not there"), ("0.", "not there"), ("t.", "mark"),
      ("}a.", "no collection"), (")Na.", "no collection"), ("}(Nu.", "no collection"), ("h\u{1}.", "recalls"),
      ("}Q.", "no storage"), ("(X\u{7}\0\0\0storagetQ.", "no storage"),
      ("(X\u{7}\0\0\0storageNNNN)tQ.", "within another"), ("NNb.", "plain value"),
      ("ctorch._utils\n_rebuild_tensor_v2\n)R.", "do not fit"), ("X\u{FF}\u{FF}", "cut off"), ("", "cut off"),
      ("].", "no dictionary of tensors"), ("}.", "no dictionary of tensors"),
    ]
    for (text, words) in texts {
      let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
      let failure = try #require(try refusal(bytes), "\(text)")
      #expect(failure.message.contains(words) || failure.message.contains("UTF-8"), "\(failure.message)")
    }
  }

  @Test("A short file cannot ask for much memory, time or depth")
  func bombs() throws {
    func code(_ text: String) -> [UInt8] { Array(text.utf8) }
    // Lists within lists, a list that holds itself, marks, copies, memos.
    #expect(try refusal([UInt8](repeating: 0x5D, count: 3 << 20) + code("."))?.message.contains("more values") == true)
    #expect(try refusal([UInt8](repeating: 0x28, count: 1 << 20) + code("N.")) != nil)
    #expect(try refusal(code("N") + [UInt8](repeating: 0x32, count: 3 << 20) + code(".")) != nil)
    #expect(try refusal(code("N") + [UInt8](repeating: 0x94, count: 3 << 20) + code(".")) != nil)
    #expect(try refusal(code("]") + (0..<500_000).flatMap { _ in code("]a") } + code(".")) != nil)
    #expect(try refusal(code("]q\0h\0a.")) != nil)
    // Each dictionary holds the one before twice: 2^40 values to whoever walks through them.
    var bomb = code("}q\0X\u{1}\0\0\0a]s")
    for _ in 0..<40 { bomb += code("q\0}X\u{1}\0\0\0ah\0sX\u{1}\0\0\0bh\0s") }
    #expect(try refusal(bomb + code(".")) != nil)
    #expect(try refusal([0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]) != nil)
    #expect(try refusal([0x8B, 0xFF, 0xFF, 0xFF, 0xFF]) != nil)
  }

  @Test("Random damage is refused or read, and never more than that")
  func mutations() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x.pth"
    let count = ProcessInfo.processInfo.environment["CROCO_FUZZ"].flatMap(Int.init) ?? 1000
    var random = RandomStream(seed: 1, purpose: .test, index: 0)
    var refused = 0
    for name in ["tensor_zoo.pth", "tensor_zoo_legacy.pth"] {
      let whole = Array(try Data(contentsOf: URL(fileURLWithPath: Self.fixture(name))))
      for _ in 0..<count {
        try Data(Self.mutated(whole, &random)).write(to: URL(fileURLWithPath: path))
        do throws(Failure) {
          let file = try TensorFiles.open(path)
          for tensor in file.tensors { #expect(try file.contiguousBytes(of: tensor.name).count <= 1 << 24) }
        } catch {
          #expect(error.kind == .badData, "\(error)")
          refused += 1
        }
      }
    }
    #expect(refused > count)
  }

  /// A copy with some bytes changed, taken out, or put in twice.
  private static func mutated(_ whole: [UInt8], _ random: inout RandomStream) -> [UInt8] {
    var bytes = whole
    for _ in 0...random.nextIndex(below: 4) {
      let place = random.nextIndex(below: bytes.count)
      switch random.nextIndex(below: 5) {
      case 0: bytes[place] = UInt8(random.nextIndex(below: 256))
      case 1: bytes[place] ^= 1 << UInt8(random.nextIndex(below: 8))
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.nextIndex(below: 16)))
      case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 16)], at: place)
      default: for byte in 0..<min(8, bytes.count - place) { bytes[place + byte] = 0xFF }
      }
      if bytes.isEmpty { bytes = [0x80] }
    }
    return bytes
  }
}
