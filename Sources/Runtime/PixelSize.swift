/// The size of an image in words, always in the order of `image_size`: "224x224", "480x640 (height x width)".
package func sizeText(height: Int, width: Int) -> String {
  height == width ? "\(height)x\(width)" : "\(height)x\(width) (height x width)"
}
