import Storage

/// Prints a value as one JSON object on one line, with sorted keys in snake case.
func printJSON(_ value: some Encodable) {
  print(String(decoding: JSON.encode(value, keys: .snakeCase), as: UTF8.self))
}
