import ArgumentParser
import Foundation
import PairConversion
import PairData

extension ImageFit: ExpressibleByArgument {}
extension ImageFilter: ExpressibleByArgument {}

/// `--codec`.
enum CodecArgument: String, ExpressibleByArgument, CaseIterable {
  case keep, jpeg, png, raw
}

/// `--size`: "224" or "HEIGHTxWIDTH".
struct ImageSizeArgument: ExpressibleByArgument {
  let height: Int
  let width: Int

  init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  init?(argument: String) {
    let numbers = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(numbers.count), let height = numbers[0], let width = numbers[numbers.count - 1],
      (1...65_535).contains(height), (1...65_535).contains(width)
    else { return nil }
    self.height = height
    self.width = width
  }
}

/// A number of bytes: "1000", "256MB", "1GiB".
struct ByteCountArgument: ExpressibleByArgument {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let units = [
      "": 1, "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
    ]
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    let unit = argument.dropFirst(digits.count).trimmingCharacters(in: .whitespaces).lowercased()
    guard let number = Double(digits), let factor = units[unit], number * Double(factor) >= 1,
      number * Double(factor) < 1e15
    else { return nil }
    bytes = Int(number * Double(factor))
  }

  var defaultValueDescription: String { "256MB" }

  /// Bytes in the unit that reads best, such as "12.5 MB".
  static func text(_ bytes: Int64) -> String {
    let value = Double(bytes)
    if value >= 1e9 { return String(format: "%.2f GB", value / 1e9) }
    if value >= 1e6 { return String(format: "%.1f MB", value / 1e6) }
    return value >= 1e3 ? String(format: "%.1f kB", value / 1e3) : "\(bytes) bytes"
  }
}
