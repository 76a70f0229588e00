import Foundation
import Storage
import TestSupport
import Testing

@Suite struct JSONTests {
  @Test("values have the text that JSON has for them, and null where it has none")
  func values() throws {
    let value = JSON.object([
      ("z", .integer(-3)), ("a", .number(0.1)), ("one", .number(1)), ("small", .number(1.5e-4)),
      ("digits", .fixed(812.1, digits: 3)), ("nan", .number(.nan)), ("inf", .number(-.infinity)),
      ("fixed", .fixed(.nan, digits: 3)), ("text", .text("a \"b\" \\ / é \n")), ("none", .null),
      ("list", .array([.boolean(true), .boolean(false)])), ("empty", .object([])),
    ])
    let text = value.text
    #expect(
      text == #"{"z":-3,"a":0.1,"one":1.0,"small":0.00015,"digits":812.100,"nan":null,"inf":null,"fixed":null,"#
        + #""text":"a \"b\" \\ / é \n","none":null,"list":[true,false],"empty":{}}"#)
    for text in [text, value.spacedText] {
      let read = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(read.count == 12 && read["nan"] is NSNull && read["text"] as? String == "a \"b\" \\ / é \n")
    }
    #expect(JSON.array([.integer(1), .object([("a", .integer(2))])]).spacedText == #"[1, {"a": 2}]"#)
  }

  private struct Record: Encodable {
    var pairsPerSecond = 1.5
    var blank = Double.nan
    var most = Float.infinity
    var path = "/a/b"
    var nothing: Int?
    var inner = ["someKey": [1, 2]]
  }

  @Test("encodable types get sorted keys, plain slashes, and null for what is not finite")
  func encodables() {
    #expect(
      String(decoding: JSON.encode(Record()), as: UTF8.self)
        == #"{"blank":null,"inner":{"someKey":[1,2]},"most":null,"pairsPerSecond":1.5,"path":"/a/b"}"#)
    #expect(
      String(decoding: JSON.encode(Record(), keys: .snakeCase), as: UTF8.self)
        == #"{"blank":null,"inner":{"someKey":[1,2]},"most":null,"pairs_per_second":1.5,"path":"/a/b"}"#)
    #expect(
      String(decoding: JSON.encode(["b": 1, "a": 2], .page), as: UTF8.self) == "{\n  \"a\" : 2,\n  \"b\" : 1\n}\n")
  }
}
