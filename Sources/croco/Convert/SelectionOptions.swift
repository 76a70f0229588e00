import ArgumentParser
import PairConversion

/// Which files of folders are taken, by their names.
struct SelectionOptions: ParsableArguments {
  @Option(
    help: """
      Take only files whose path below the folder, or a name in it, matches this shell pattern, such as 'rgb' or \
      '*.color.png'; repeatable. Names of depth maps and labels too, which are left out otherwise.
      """)
  var include: [String] = []

  @Option(help: "Leave out files whose path below the folder, or a name in it, matches this shell pattern; repeatable.")
  var exclude: [String] = []

  /// The patterns, where names of depth maps, labels and thumbnails are left out.
  var colourImages: ImageSelection { ImageSelection(including: include, excluding: exclude) }

  /// The patterns alone.
  var all: ImageSelection { ImageSelection(including: include, excluding: exclude, leavesOutMaps: false) }
}
