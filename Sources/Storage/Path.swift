extension String {
  /// The path of an entry of the folder that this path names: the one place where paths are joined.
  ///
  /// An empty path is the current folder. A separator at the end is not doubled.
  package func appending(path entry: String) -> String {
    if isEmpty { return entry }
    return hasSuffix("/") ? self + entry : self + "/" + entry
  }
}
