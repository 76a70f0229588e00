internal import CGEMM
import Foundation
import Runtime

/// How the integer sums of int8 products are formed; all ways give the same sums, a later one is faster.
package enum IntegerPath: Int, Sendable, CaseIterable {
  /// Plain C, on any processor.
  case portable
  /// vpmaddubsw in registers of 256 bits.
  case avx2
  /// vpdpbusd in registers of 256 bits.
  case avxVNNI
  /// vpdpbusd in registers of 512 bits.
  case avx512VNNI
  /// Tiles.
  case amx

  /// The name in logs and in the environment's `CROCO_INT8`, such as "avx512_vnni".
  package var name: String {
    switch self {
    case .portable: "portable"
    case .avx2: "avx2"
    case .avxVNNI: "avx_vnni"
    case .avx512VNNI: "avx512_vnni"
    case .amx: "amx"
    }
  }

  /// Whether this machine can take it (`croco_int8_available`).
  package var isAvailable: Bool { croco_int8_available(inC) != 0 }

  /// Whether it has instructions made for such sums, so that int8 is faster than the other precisions.
  package var isFast: Bool { rawValue >= IntegerPath.avxVNNI.rawValue }

  /// The path in use: the fastest here, or the one that the environment's `CROCO_INT8` names, to compare and to look for faults.
  package static let chosen: Result<IntegerPath, Failure> = {
    let fastest = allCases.last(where: \.isAvailable) ?? .portable
    guard let name = ProcessInfo.processInfo.environment["CROCO_INT8"] else { return .success(fastest) }
    if let path = allCases.first(where: { $0.name == name }), path.isAvailable { return .success(path) }
    let names = allCases.filter(\.isAvailable).map(\.name).joined(separator: ", ")
    return .failure(
      Failure(
        .configuration, "The variable CROCO_INT8 is '\(name)', which cannot be used here.",
        hint: "Unset it, or set it to one of \(names)."))
  }()

  /// The path in use where it can be: that of ``chosen``, else plain C.
  static let current = (try? chosen.get()) ?? .portable

  /// The path as C functions know it.
  var inC: croco_int8_path { croco_int8_path(UInt32(rawValue)) }
}
