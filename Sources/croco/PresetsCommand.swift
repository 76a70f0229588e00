import ArgumentParser
import CroCoModel
import Foundation

/// `croco presets`: the networks that have a name.
struct PresetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presets",
    abstract: "Lists the networks that --preset and model.preset name, with a line each.",
    discussion: """
      A preset sets the keys of section model; all other keys have their defaults, which croco train --preset NAME \
      --print-config shows. Those marked with * are the sizes of released weights.
      """)

  func run() {
    for preset in ModelPreset.all {
      let name = (preset.name + (preset.isReleased ? " *" : "")).padding(toLength: 21, withPad: " ", startingAt: 0)
      let millions = Double(preset.parameterCount) / 1e6
      print("\(name) \(preset.summary), \(Int(millions.rounded())) million parameters")
    }
  }
}
