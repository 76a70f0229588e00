import CroCoModel
import Foundation
import Storage

extension ModelConfiguration {
  /// The arguments of the official constructor as JSON, which weights files carry as `croco_kwargs`.
  public var officialArguments: String {
    let size = imageHeight == imageWidth ? "\(imageHeight)" : "[\(imageHeight),\(imageWidth)]"
    let fields = [
      "\"img_size\":\(size)", "\"patch_size\":\(patchSize)", "\"mask_ratio\":\(maskRatio)",
      "\"enc_embed_dim\":\(encoderDimension)", "\"enc_depth\":\(encoderDepth)",
      "\"enc_num_heads\":\(encoderHeadCount)", "\"dec_embed_dim\":\(decoderDimension)",
      "\"dec_depth\":\(decoderDepth)", "\"dec_num_heads\":\(decoderHeadCount)", "\"mlp_ratio\":\(mlpRatio)",
      "\"norm_im2_in_dec\":\(normalizesMemory)", "\"pos_embed\":\"\(positionEmbedding)\"",
    ]
    return "{\(fields.joined(separator: ","))}"
  }

  /// Reads the arguments of the official constructor; what is missing has the constructor's default.
  ///
  /// - Throws: `Failure` of kind `badData` that names the argument.
  public init(officialArguments text: String) throws(Failure) {
    guard let fields = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
      throw Failure(.badData, "croco_kwargs is not a JSON object.")
    }
    self.init()
    func integer(_ name: String, _ current: Int) throws(Failure) -> Int {
      guard let value = fields[name] else { return current }
      guard let number = value as? Int else { throw Failure(.badData, "croco_kwargs: \(name) is not an integer.") }
      return number
    }
    if let sides = fields["img_size"] as? [Int], sides.count == 2 {
      imageSize = sides
    } else {
      let side = try integer("img_size", imageHeight)
      imageSize = [side, side]
    }
    patchSize = try integer("patch_size", patchSize)
    encoderDimension = try integer("enc_embed_dim", encoderDimension)
    encoderDepth = try integer("enc_depth", encoderDepth)
    encoderHeadCount = try integer("enc_num_heads", encoderHeadCount)
    decoderDimension = try integer("dec_embed_dim", decoderDimension)
    decoderDepth = try integer("dec_depth", decoderDepth)
    decoderHeadCount = try integer("dec_num_heads", decoderHeadCount)
    mlpRatio = try integer("mlp_ratio", mlpRatio)
    maskRatio = fields["mask_ratio"] as? Double ?? maskRatio
    normalizesMemory = fields["norm_im2_in_dec"] as? Bool ?? normalizesMemory
    if let text = fields["pos_embed"] as? String {
      guard let value = PositionEmbedding(text) else {
        throw Failure(.badData, "croco_kwargs: pos_embed is \"\(text)\", neither cosine nor RoPE and a number.")
      }
      positionEmbedding = value
    }
    if let problem { throw Failure(.badData, "croco_kwargs: \(problem.property) \(problem.sentence).") }
  }
}
