extension String {
  /// The path of an entry of the folder that this path names: the one place where paths are joined.
  ///
  /// An empty path is the current folder. A separator at the end is not doubled.
  package func appending(path entry: String) -> String {
    if isEmpty { return entry }
    return hasSuffix("/") ? self + entry : self + "/" + entry
  }

  /// The path without components that lead nowhere, "." and those between two separators, so that one file has one path. ".." stays:
  /// after a link it leads elsewhere.
  package var plainPath: String {
    guard utf8.first == UInt8(ascii: ".") || contains("/.") || contains("//") else { return self }
    let parts = split(separator: "/").filter { $0 != "." }
    return (hasPrefix("/") ? "/" : "") + (parts.isEmpty && !hasPrefix("/") ? "." : parts.joined(separator: "/"))
  }
}
