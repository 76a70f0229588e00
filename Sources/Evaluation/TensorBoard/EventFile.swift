import Foundation
import PairData
import Runtime
import Storage

/// An event file of TensorBoard as it grows: records of scalars, pictures and texts, each written in one call, so that a
/// TensorBoard that is running sees it at once and a kill leaves whole records but for the last.
///
/// Source: TFRecord, and the messages `Event` and `Summary` of TensorBoard, version 2 ("brain.Event:2").
package final class EventFile {
  /// Something that TensorBoard shows.
  enum Value {
    /// A point of a curve.
    case scalar(String, Double)
    /// A picture, encoded as PNG.
    case picture(String, png: [UInt8], PixelSize)
    /// A text in Markdown.
    case text(String, String)
  }

  private let file: File
  private let now: () -> Double

  /// Begins a file of a run that goes on after `step`: its `SessionLog` makes TensorBoard drop what older files in the folder say of
  /// later steps.
  ///
  /// - Parameter now: seconds since 1970.
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  init(
    folder: String, afterStep step: Int, now: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) throws(Failure) {
    self.now = now
    file = try File(folder.appending(path: Self.name(in: folder, now: now())), .writing)
    try write { $0.add(EventField.fileVersion, "brain.Event:2") }
    try write(step: step == 0 ? 0 : step + 1) { event in
      event.add(EventField.sessionLog) { $0.add(SessionField.status, SessionField.start) }
    }
  }

  /// Writes what is known of a step.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  func write(_ values: [Value], step: Int) throws(Failure) {
    try write(step: step) { event in
      event.add(EventField.summary) { summary in
        for value in values { summary.add(SummaryField.value) { value.write(to: &$0) } }
      }
    }
  }

  private func write(step: Int = 0, _ fill: (inout ProtocolMessage) -> Void) throws(Failure) {
    var event = ProtocolMessage()
    event.add(EventField.wallTime, now())
    event.add(EventField.step, step)
    fill(&event)
    try file.write(Self.record(event.bytes))
  }

  /// A record: length, its checksum, the bytes, their checksum.
  private static func record(_ content: [UInt8]) -> [UInt8] {
    func words<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    /// Rotated and shifted, so that checksums of data that hold checksums are sound.
    func checksum(_ bytes: [UInt8]) -> UInt32 {
      let sum = bytes.withUnsafeBytes { CRC32C.checksum($0) }
      return (sum >> 15 | sum << 17) &+ 0xa282_ead8
    }
    let length = words(UInt64(content.count))
    return length + words(checksum(length)) + content + words(checksum(content))
  }

  private static let prefix = "events.out.tfevents."

  /// A name that comes after those of the files that are there: TensorBoard reads them in the order of their names.
  private static func name(in folder: String, now: Double) throws(Failure) -> String {
    let names = try FileSystem.names(in: folder).filter { $0.hasPrefix(prefix) }
    let last = names.compactMap { Int($0.dropFirst(prefix.count).prefix { $0.isNumber }) }.max() ?? 0
    return "\(prefix)\(max(Int(now), last + 1)).\(ProcessInfo.processInfo.hostName)"
  }
}

// MARK: - Fields of the messages

private enum EventField {
  static let (wallTime, step, fileVersion, summary, sessionLog) = (1, 2, 3, 5, 7)
}

private enum SessionField {
  static let status = 1
  /// The status of a session that begins.
  static let start = 1
}

private enum SummaryField { static let value = 1 }

private enum ValueField {
  static let (tag, scalar, image, tensor, metadata) = (1, 2, 4, 8, 9)
}

private enum ImageField {
  static let (height, width, colours, bytes) = (1, 2, 3, 4)
}

private enum MetadataField {
  static let plugin = 1, pluginName = 1
}

private enum TensorField {
  static let (type, texts) = (1, 8)
  /// The type of texts.
  static let textType = 7
}

extension EventFile.Value {
  /// Writes the value as a `Summary.Value`.
  fileprivate func write(to message: inout ProtocolMessage) {
    switch self {
    case .scalar(let tag, let number):
      message.add(ValueField.tag, tag)
      message.add(ValueField.scalar, Float(number))
    case .picture(let tag, let png, let size):
      message.add(ValueField.tag, tag)
      message.add(ValueField.image) { image in
        image.add(ImageField.height, size.height)
        image.add(ImageField.width, size.width)
        image.add(ImageField.colours, 3)
        image.add(ImageField.bytes, png)
      }
    case .text(let tag, let text):
      message.add(ValueField.tag, tag)
      message.add(ValueField.tensor) { tensor in
        tensor.add(TensorField.type, TensorField.textType)
        tensor.add(TensorField.texts, text)
      }
      message.add(ValueField.metadata) { $0.add(MetadataField.plugin) { $0.add(MetadataField.pluginName, "text") } }
    }
  }
}
