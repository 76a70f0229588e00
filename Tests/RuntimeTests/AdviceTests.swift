import Foundation
import Runtime
import Testing

@Suite struct AdviceTests {
  private let advice: Advice = "Choose another \(.output), or \(Advice.Term("wait")) for process \(7)."

  @Test("Terms have their plain names, or those that the reader gives them")
  func names() {
    #expect(advice.description == "Choose another output folder, or wait for process 7.")
    #expect(
      advice.text { $0 == .output ? "--output" : nil } == "Choose another --output, or wait for process 7.")
    let failure = Failure(.usage, "It is full.", hint: advice)
    #expect(failure.description == "It is full. Choose another output folder, or wait for process 7.")
    #expect(failure.text { _ in "X" } == "It is full. Choose another X, or X for process 7.")
  }

  @Test("Terms survive being stored, quoted and joined")
  func stored() throws {
    let stored = try JSONDecoder().decode([Advice].self, from: JSONEncoder().encode([advice]))
    #expect(stored == [advice])
    #expect("First. \(advice)" as Advice == "First. " + advice)
    #expect(Advice(rawValue: "Plain.").text { _ in "X" } == "Plain.")
  }
}
