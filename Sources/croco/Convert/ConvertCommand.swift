import ArgumentParser
import PairConversion

/// `croco convert`: image collections to HDF5 data sets.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Converts image pairs into an HDF5 data set.",
    discussion: """
      A pair is two images of one scene. Scenes, not pairs, are split into training and validation.
      Sizes: --size 224 makes the shorter side 224 pixels and cuts out the middle 224x224.
      Under mpirun the ranks share the work. A conversion that was stopped goes on when the same command is given again.
      """,
    subcommands: [],
    groupedSubcommands: [
      CommandGroup(
        name: "Your own images",
        subcommands: [
          ConvertPairs.self, ConvertFrames.self, ConvertVideo.self, ConvertStereo.self, ConvertColmap.self,
        ]),
      CommandGroup(
        name: "Image collections",
        subcommands: [
          ConvertHabitat.self, ConvertCrops.self, ConvertCollection<KITTI>.self, ConvertCollection<Middlebury>.self,
          ConvertCollection<SceneFlow>.self, ConvertCollection<Spring>.self, ConvertCollection<Sintel>.self,
          ConvertCollection<TartanAir>.self, ConvertCollection<ETH3D>.self, ConvertCollection<CREStereo>.self,
        ]),
    ])
}
