import ArgumentParser
import Foundation
import Runtime
import Storage

/// The command line: parses arguments, runs one subcommand, and turns failures into sentences and exit codes.
@main
struct Croco: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "croco",
    abstract: "Pre-trains CroCo (cross-view completion) on CPU clusters.",
    version: version,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, ReconstructCommand.self, MineCommand.self, ConvertCommand.self,
      SynthesizeCommand.self, MergeCommand.self, SplitCommand.self, InspectCommand.self, ExportCommand.self,
      ImportCommand.self, FeaturesCommand.self, DumpCommand.self,
      ReportCommand.self, BenchCommand.self, PresetsCommand.self,
    ]
  )

  /// The version of the program, as in CHANGELOG.md.
  static let version = "0.1.0"

  /// What data sets and checkpoints record as the program that wrote them.
  static let tool = "croco \(version)"

  static func main() async {
    do {
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      end(with: failure)
    } catch {
      end(with: ParserMessage(error), of: error)
    }
  }

  /// The arguments after the program's name, with the bytes of paths that are no UTF-8.
  private static var arguments: [String] {
    (1..<max(1, Int(CommandLine.argc))).compactMap { CommandLine.unsafeArgv[$0] }.map {
      String(pathBytes: UnsafeRawBufferPointer(start: $0, count: strlen($0)))
    }
  }

  /// Says what a user should know although the command goes on.
  static func warn(_ sentences: [String]) {
    for sentence in sentences { Console.printError("croco: warning: \(sentence)\n") }
  }

  /// Prints what is wrong with the arguments as any other failure, or the help that was asked for.
  private static func end(with message: ParserMessage?, of error: any Error) -> Never {
    guard let message else { exit(withError: error) }
    end(with: message.failure)
  }

  /// Prints one sentence and ends the process with the documented exit code.
  private static func end(with failure: Failure) -> Never {
    report(failure)
    Foundation.exit(failure.kind.exitCode)
  }

  /// Prints the sentence of a failure, and what to do about it in words of the command line.
  static func report(_ failure: Failure) {
    Console.printError("croco: \(failure.onCommandLine)\n")
  }
}
