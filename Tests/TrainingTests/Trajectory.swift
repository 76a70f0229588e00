import Foundation
import Storage
import Testing

/// The recorded course of a reference training run.
enum Trajectory {
  struct Log: Decodable {
    let rates: [Double]
    let losses: [Double]
    let gradientNorms: [Double]

    private enum CodingKeys: String, CodingKey {
      case rates = "lr"
      case losses = "loss_f64"
      case gradientNorms = "grad_norm_f64"
    }
  }

  private struct File: Decodable {
    let log: [String: Log]
  }

  static func log(_ variant: String) throws -> Log {
    let data = try Data(contentsOf: url("train_trajectory.json"))
    return try #require(try JSONDecoder().decode(File.self, from: data).log[variant])
  }

  static func tensors() throws -> SafetensorsReader {
    try SafetensorsReader(path: url("train_trajectory.safetensors").path)
  }

  private static func url(_ name: String) -> URL {
    Bundle.module.bundleURL.appendingPathComponent("Fixtures").appendingPathComponent(name)
  }
}
