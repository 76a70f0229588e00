import ArgumentParser
import Collectives
import DataFixtures
import Foundation
import Runtime
import TestSupport
import Training

/// What the tests let die in the middle of writing. It ends with status 9, as if it had been killed.
@main
struct DeathCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "death-check", abstract: "Writes files until a given call.",
    subcommands: [Train.self, Convert.self])
}

/// Where a process dies.
struct Death: ParsableArguments {
  @Option(help: "The folder that is written.") var output: String
  @Option(help: "The number of the call that can change the disk, from 1, before which the process ends; 0: none.")
  var place = 0
  @Option(help: "Bytes that a file may have: the disk is full then. Also for HDF5, which makes its calls itself.")
  var largestFile: UInt?
  @Flag(help: "Dies where a file would become larger, instead of getting an error.") var diesOfLargeFiles = false

  func run(_ body: () throws -> Void) -> Never {
    if let largestFile {
      Self.limitFiles(to: rlim_t(largestFile))
      if !diesOfLargeFiles { signal(SIGXFSZ, SIG_IGN) }
    }
    let deadly = Faults { [place] number, _ in
      if number == place && number > 0 { _exit(9) }
      return nil
    }
    do {
      try deadly.run(on: output, body)
      Foundation.exit(0)
    } catch {
      // What it says goes to a file, too.
      Self.limitFiles(to: .max)
      let failure = error as? Failure ?? Failure(.internalError, "\(error)")
      print(failure)
      Foundation.exit(failure.kind.exitCode)
    }
  }

  private static func limitFiles(to bytes: rlim_t) {
    var limit = rlimit(rlim_cur: bytes, rlim_max: .max)
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
  }
}

/// Trains.
struct Train: ParsableCommand {
  @OptionGroup var death: Death
  @Option var config: String
  @Option(name: .customLong("set")) var overrides: [String] = []

  func run() {
    death.run {
      let run = try TrainingRun(
        ConfigurationReader.read(path: config, overrides: overrides), options: RunOptions(output: death.output),
        communicator: SingleProcessCommunicator()
      ) { _, _ in }
      try run.run()
    }
  }
}

/// Writes a data set.
struct Convert: ParsableCommand {
  @OptionGroup var death: Death

  func run() { death.run { try writeFourPairs(death.output) } }
}
