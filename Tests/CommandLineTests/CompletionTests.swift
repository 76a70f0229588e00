import CroCoModel
import Foundation
import TestSupport
import Testing

/// What shells offer when Tab is pressed, asked of bash itself.
@Suite struct CompletionTests {
  /// The words that bash offers for the last of a command line.
  private func offers(_ words: [String]) throws -> [String] {
    let croco = try builtExecutable("croco")
    let script = """
      PATH="\(URL(fileURLWithPath: croco).deletingLastPathComponent().path):$PATH"
      source <(croco --generate-completion-script bash)
      COMP_WORDS=(croco "$@") COMP_CWORD=$# COMP_LINE="croco $*"
      COMP_POINT=${#COMP_LINE}
      _croco croco "${@: -1}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let result = try runProcess("/bin/bash", ["--norc", "-c", script, "bash"] + words)
    #expect(result.status == 0, "\(result)")
    return result.output.split(separator: "\n").map(String.init)
  }

  @Test(
    "Keys are offered after --set, with the sign that a value follows",
    arguments: [["train"], ["dump"], ["bench", "step"]])
  func keys(command: [String]) throws {
    let all = try offers(command + ["--set", ""])
    #expect(Set(all).isSuperset(of: ["seed=", "batch.global_batch_size=", "model.preset="]) && all.count > 60)
    #expect(
      try offers(command + ["--set", "schedule.wa"]).sorted() == ["schedule.warmup_epochs=", "schedule.warmup_steps="])
  }

  @Test("Names are offered after --preset, and options after a dash")
  func names() throws {
    #expect(try Set(offers(["train", "--preset", ""])) == Set(ModelPreset.all.map(\.name)))
    #expect(try offers(["train", "--dry"]) == ["--dry-run"])
  }
}
