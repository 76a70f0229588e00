import Foundation
import Runtime

/// Numbers as people read them in plots and tables.
enum Numeral {
  /// "0.8123".
  static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// About three digits: "812", "78.8", "0.53"; or more.
  static func short(_ value: Double, digits: Int = 3) -> String {
    let size = abs(value)
    if size >= 1000 { return grouped(Int(value.rounded())) }
    if size == 0 { return "0" }
    return size < 0.01 ? scientific(value) : fixed(value, digits - (size >= 100 ? 3 : size >= 10 ? 2 : 1))
  }

  /// "12,345".
  static func grouped(_ value: Int) -> String {
    var digits = String(value.magnitude)[...]
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits = digits.dropLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// "812 ms" or "1.35 s".
  static func milliseconds(_ value: Double) -> String {
    value >= 10_000 ? "\(short(value / 1000)) s" : "\(short(value)) ms"
  }

  /// "48 s", "12 min 5 s", "3 h 20 min", "2 d 4 h".
  static func duration(_ seconds: Double) -> String {
    seconds < 10 ? "\(fixed(seconds, 1)) s" : TimeSpan.text(seconds)
  }

  /// "1.5e-4", as in configurations.
  static func scientific(_ value: Double) -> String {
    let parts = String(format: "%.3e", value).split(separator: "e")
    var mantissa = parts[0]
    while mantissa.contains("."), mantissa.last == "0" || mantissa.last == "." {
      let wasPoint = mantissa.last == "."
      mantissa = mantissa.dropLast()
      if wasPoint { break }
    }
    return "\(mantissa)e\(Int(parts[1]) ?? 0)"
  }
}
