import ArgumentParser
import Collectives
import Foundation
import Runtime
import Storage

/// What the tests run under mpirun, since MPI must not be initialised in the test process.
@main
struct CollectivesCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collectives-check", abstract: "Runs the collective operations as one of several ranks.",
    version: "1",
    subcommands: [Where.self, Operations.self, Reduce.self, Fail.self, Train.self])
}

/// Runs as one rank, prints failures as the command line does, and exits with their status.
func runAsRank(patience: Double = 10, _ body: (any Communicator) throws -> Void) -> Never {
  let report = { (failure: Failure) in FileHandle.standardError.write(Data("check: \(failure)\n".utf8)) }
  exit(Communicators.run(patience: patience, report: report, body: body))
}

/// Prints on rank 0 how many ranks there are and whether MPI was touched.
struct Where: ParsableCommand {
  func run() {
    runAsRank { communicator in
      let lines = try communicator.gatherBytes(Array("\(communicator.rank)@\(communicator.hostName)".utf8))
      guard communicator.rank == 0 else { return }
      print("size \(communicator.size) mpi \(MPICommunicator.isInitialized ? "initialized" : "untouched")")
      for line in lines { print(String(decoding: line, as: UTF8.self)) }
    }
  }
}

/// Sums the gradients of a step and prints the digest of the sum.
struct Reduce: ParsableCommand {
  @Option(help: "Micro-batches of the whole step.") var microBatches = 4
  @Option(help: "Floats of the gradient.") var count = 10_000
  @Option(help: "reproducible or mpi.") var reduction = "reproducible"
  @Option(help: "Floats that are communicated at once.") var bucket = 1 << 20
  @Option(help: "Threads of a rank.") var threads = 1
  @Option(help: "A number for the host of each rank, such as 0,0,1.") var hosts: String?
  @Option(help: "fp32 or bf16.") var wire = "fp32"
  @Flag(help: "Exchange from another thread, while the last micro-batch comes about bit by bit.") var meanwhile = false
  @Option(help: "Steps; all but the first are timed together.") var steps = 1

  func run() {
    runAsRank { communicator in
      let gradients = AlignedBuffer<Float>(count: count)
      let layout = hosts.map { RankLayout(hosts: $0.split(separator: ",").map { Int($0)! }) }
      let groups = try HostGroups(communicator, layout: layout)
      let ownership = Ownership(count: count, layout: groups.layout, bucketLength: bucket)
      let sum = try GradientSum(
        of: gradients, ownership: ownership, microBatchCount: microBatches, reduction: Reduction(rawValue: reduction)!,
        wire: GradientWire(rawValue: wire)!, groups: groups, workers: WorkerPool(workerCount: threads))
      let background = meanwhile ? BackgroundExchange(sum, toAll: true) : nil
      let leaves = sum.microBatches.map { leafGradients($0, count: count) }
      var milliseconds: [Double] = []
      for _ in 0..<steps {
        if let background {
          try sumMeanwhile(sum, background, leaves, gradients, communicator)
          continue
        }
        for leaf in leaves {
          gradients.pointer.update(from: leaf.pointer, count: count)
          sum.accumulate()
        }
        try communicator.barrier()
        let start = ContinuousClock.now
        try sum.sumToAll()
        milliseconds.append((ContinuousClock.now - start) / .milliseconds(1))
      }
      let digest = FileDigest(of: UnsafeRawBufferPointer(gradients.elements))
      let digests = try communicator.gatherBytes(Array("\(digest)".utf8))
      guard communicator.rank == 0 else { return }
      print("digest \(Set(digests.map { String(decoding: $0, as: UTF8.self) }).sorted().joined(separator: " "))")
      print("bytes \(sum.bufferBytes)")
      if steps > 1, background == nil { print("milliseconds \(milliseconds.dropFirst().sorted()[(steps - 1) / 2])") }
    }
  }
}

/// A step whose last micro-batch comes from the end of the buffer to its start, in pieces of a tenth.
private func sumMeanwhile(
  _ sum: GradientSum, _ background: BackgroundExchange, _ leaves: [AlignedBuffer<Float>],
  _ gradients: AlignedBuffer<Float>, _ communicator: any Communicator
) throws {
  for leaf in leaves.dropLast() {
    gradients.pointer.update(from: leaf.pointer, count: gradients.count)
    sum.accumulate()
  }
  let raised = RaisedFlags(communicator, rounds: 2)
  try raised.commit(0)
  background.begin(after: raised, unless: .max)
  let pieces = stride(from: 0, to: gradients.count, by: max(1, gradients.count / 10)).map { start in
    start..<min(start + max(1, gradients.count / 10), gradients.count)
  }
  for piece in pieces.reversed() {
    (gradients.pointer + piece.lowerBound).update(
      from: leaves[leaves.count - 1].pointer + piece.lowerBound, count: piece.count)
    sum.finished(piece)
    usleep(500)
  }
  sum.accumulate()
  try background.finish(isWhole: true)
  background.beginNextStep()
}

/// The made-up gradient of a micro-batch: numbers of very different size, so that the order of additions shows.
func leafGradients(_ leaf: Int, count: Int) -> AlignedBuffer<Float> {
  let buffer = AlignedBuffer<Float>(count: count)
  var stream = RandomStream(seed: 7, purpose: .test, index: leaf)
  for i in 0..<count { buffer.pointer[i] = stream.nextUniform(-1...1) * Float(1 << (i % 12)) }
  return buffer
}

/// Fails on one rank, or on all.
struct Fail: ParsableCommand {
  @Option(help: "alone, together or agreed") var how = "alone"
  @Option(help: "The rank that fails alone.") var rank = 0

  func run() {
    runAsRank(patience: 1) { communicator in
      let failure = Failure(.badData, "The shard is truncated.", hint: "Convert it again.")
      switch how {
      case "alone":
        if communicator.rank == rank { throw failure }
        try communicator.barrier()
      case "together": throw failure
      case "agreed": try communicator.together { if communicator.rank == rank { throw failure } }
      default: throw ValidationError("unknown way to fail: \(how)")
      }
    }
  }
}
