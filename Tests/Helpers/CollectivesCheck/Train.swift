import ArgumentParser
import Foundation
import Runtime
import Storage
import Synchronization

/// Stands for `croco train` where the launch scripts are tested: steps, signals, markers of the end, exit codes.
struct Train: ParsableCommand {
  @Option(help: "The run folder.") var output: String
  @Option(help: "Steps of 10 ms each.") var steps = 5
  @Option(help: "Accepted as croco train does.") var set: [String] = []
  @Option(help: "The step in which rank 1 fails with bad data.") var failAt: Int?
  @Flag(help: "End as a run that --max-steps ends.") var stopsEarly = false
  @Flag(help: "Take no notice of SIGUSR1.") var isDeaf = false

  // Set by the signal handler.
  static let isAskedToStop = Atomic<Bool>(false)

  func run() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in Train.isAskedToStop.store(true, ordering: .relaxed) }
    sigaction(SIGUSR1, &action, nil)
    runAsRank(patience: 1) { communicator in
      if communicator.rank == 0 { try FileSystem.createFolder(output) }
      try communicator.barrier()
      try Publication.publishText("\(set)", at: "\(output)/rank-\(communicator.rank)")
      for step in 1...steps {
        usleep(10_000)
        try communicator.together {
          if step == failAt, communicator.rank == 1 { throw Failure(.badData, "The shard is truncated.") }
        }
        let isAsked = Train.isAskedToStop.load(ordering: .relaxed) && !isDeaf
        guard try communicator.combineFlags(isAsked ? 1 : 0) == 0 else {
          if communicator.rank == 0 { try Publication.publishText("\(step)", at: "\(output)/checkpoint") }
          throw Failure(.interrupted, "Stopped after step \(step).")
        }
      }
      let marker = stopsEarly ? "STOPPED" : "COMPLETED"
      if communicator.rank == 0 { try Publication.publishText("\(steps)", at: "\(output)/\(marker)") }
    }
  }
}
