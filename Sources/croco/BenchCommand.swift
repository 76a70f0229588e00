import ArgumentParser
import Collectives
import Foundation
import Measurement
import Runtime
import Training

/// `croco bench`: how fast this machine trains, and what limits it.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures training steps, matrix products, the loader and the reduction on this machine.",
    discussion: """
      croco bench step --preset croco_v1_base --batch 8
      mpirun -np 2 croco bench step --preset croco_v1_base --batch 8 --threads 1
      Figures are medians and bests; measure on a machine that does nothing else.
      """,
    subcommands: [Step.self, GEMM.self, Loader.self, Reduce.self])

  /// What is measured: a configuration file, or a preset with the defaults of everything else.
  struct Subject: ParsableArguments {
    @Option(help: "The YAML file of the configuration to measure.", completion: .file(extensions: ["yaml"]))
    var config: String?

    @Option(help: "A network by its name instead of a file; croco presets lists them.", completion: .presets)
    var preset: String?

    @Option(
      name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"),
      completion: .configurationKeys)
    var overrides: [String] = []

    @Option(help: "Pairs of a step, over all ranks, in one micro-batch a rank.")
    var batch: Int?

    @Option(help: "Threads of a rank; its cores if absent.")
    var threads: Int?

    @Option(help: "A data set; pairs that are made up in memory if absent.", completion: .directory)
    var data: String?

    func validate() throws {
      if (config == nil) == (preset == nil) { throw ValidationError("Give either --config or --preset.") }
      if let batch, batch < 1 { throw ValidationError("--batch must be at least 1.") }
      if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
    }

    /// The configuration for a number of ranks.
    func configuration(ranks: Int = 1) throws -> TrainingConfiguration {
      var overrides: [String] = []
      if let batch {
        guard batch % ranks == 0 else {
          throw Failure(.usage, "\(ranks) ranks cannot share --batch \(batch) evenly.")
        }
        overrides += ["batch.global_batch_size=\(batch)", "batch.micro_batch_size=\(batch / ranks)"]
      }
      if let threads { overrides.append("compute.threads=\(threads)") }
      overrides.append("data.path=\(data ?? "null")")
      overrides += self.overrides
      return try ConfigurationArguments.read(config: config, preset: preset, overrides: overrides)
    }
  }

  /// Prints a result on rank 0, and what may have spoilt it.
  static func show(_ result: some Encodable, text: [String], _ machine: BenchmarkMachine, asJSON: Bool) throws {
    for warning in machine.warnings { FileHandle.standardError.write(Data("croco: warning: \(warning)\n".utf8)) }
    guard !asJSON else { return printJSON(result) }
    print(([machineLine(machine)] + text).joined(separator: "\n"))
  }

  private static func machineLine(_ machine: BenchmarkMachine) -> String {
    "\(machine.host), \(machine.processor), \(machine.ranks) \(machine.ranks == 1 ? "rank" : "ranks") x "
      + "\(machine.threads) \(machine.threads == 1 ? "thread" : "threads"), kernels \(machine.kernels), "
      + "products of fp32 by \(machine.float), of bf16 by \(machine.bfloat16)"
  }

  /// "812.3 (805.1)": median and best.
  private static func figures(_ figures: BenchmarkFigures, digits: Int = 1) -> String {
    String(format: "%.\(digits)f (%.\(digits)f)", figures.median, figures.best)
  }

  private static func row(_ name: String, _ value: String) -> String {
    "  " + name.padding(toLength: 20, withPad: " ", startingAt: 0) + " " + value
  }
}

extension BenchCommand {
  /// `croco bench step`.
  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measures real training steps: pairs/s, time by stage, share of the matrix-product peak, memory.")

    @OptionGroup var subject: Subject

    @Option(help: "Measured steps.")
    var steps = 5

    @Option(help: "Steps before them that warm up.")
    var warmup = 2

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
      if steps < 1 || warmup < 0 { throw ValidationError("--steps must be at least 1, --warmup at least 0.") }
    }

    func run() throws {
      let status = Communicators.run(report: Croco.report) { communicator in
        let configuration = try communicator.together { try subject.configuration(ranks: communicator.size) }
          .settled(over: communicator).configuration
        let result = try StepBenchmark(configuration, warmup: warmup, steps: steps, communicator: communicator)
        if communicator.rank == 0 { try show(result, text: Self.text(result), result.machine, asJSON: json) }
      }
      if status != 0 { throw ExitCode(status) }
    }

    private static func text(_ result: StepBenchmark) -> [String] {
      let memory = result.peakResidentBytes.map { String(format: "%.0f", Double($0) / 1e6) }.joined(separator: " + ")
      let share = String(format: "%.1f %% (%.1f %%)", 100 * result.mfu.median, 100 * result.mfu.best)
      return [
        "\(result.steps) steps of \(result.globalBatchSize) pairs, \(result.parameterCount) parameters, "
          + "\(result.precision); medians (bests):",
        row("pairs/s", figures(result.pairsPerSecond, digits: 2)),
        row("ms a step", figures(result.stepMilliseconds)),
      ]
        + StepStage.allCases.compactMap { stage in
          result.stageMilliseconds[stage.rawValue].map { row("  " + stage.rawValue, figures($0)) }
        } + [
          row("GFLOP/s", figures(result.achievedGflops)),
          row("  peak of \(result.precision) GEMM", figures(result.peakGflops)),
          row("  share (MFU)", share), row("memory of a rank", "\(memory) MB"),
          row("heap growth", "\(result.heapGrowthBytes) bytes"),
        ]
    }
  }

  /// `croco bench gemm`.
  struct GEMM: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gemm",
      abstract: "Measures the matrix products of a network's blocks, with 1, 2, 4, ... threads at once.")

    @OptionGroup var subject: Subject

    @Option(help: "Measurements of each product.")
    var repetitions = 5

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
      if repetitions < 1 { throw ValidationError("--repetitions must be at least 1.") }
    }

    func run() throws {
      let result = try GEMMBenchmark(
        try subject.configuration().settled(over: SingleProcessCommunicator()).configuration, repetitions: repetitions)
      let text = result.entries.map { entry in
        let shape = entry.shape
        let name = "\(shape.layer) \(shape.pass.rawValue)".padding(toLength: 24, withPad: " ", startingAt: 0)
        let size = "\(shape.m) x \(shape.n) x \(shape.k)".padding(toLength: 20, withPad: " ", startingAt: 0)
        let threads = entry.threads == 1 ? "1 thread " : "\(entry.threads) threads"
        return "  \(name) \(size) \(threads)  \(figures(entry.gflops)) GFLOP/s"
      }
      try show(result, text: text, result.machine, asJSON: json)
    }
  }

  /// `croco bench loader`.
  struct Loader: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measures the loader alone, on a data set or on rendered JPEG images.")

    @OptionGroup var subject: Subject

    @Option(help: "Seconds to load for.")
    var seconds = 3.0

    @Option(help: "Side in pixels of the images that are rendered where there is no data set.")
    var size = 256

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
      if !(seconds >= 0) || size < 8 { throw ValidationError("--seconds must not be negative, --size at least 8.") }
    }

    func run() throws {
      let result = try LoaderBenchmark(try subject.configuration(), seconds: seconds, imageSize: size)
      let text = [
        "\(counted(result.pairs, "pair")) of \(result.source), crops of "
          + "\(sizeText(height: result.crop[0], width: result.crop[1])):",
        row("loader threads", "\(result.loaderThreads)"),
        row("pairs/s", String(format: "%.1f", result.pairsPerSecond)),
        row("  a core second", String(format: "%.1f", result.pairsPerCoreSecond)),
      ]
      try show(result, text: text, result.machine, asJSON: json)
    }
  }

  /// `croco bench reduce`.
  struct Reduce: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measures how long the ranks need to exchange gradients and values; start it under mpirun.",
      discussion: """
        A sum leaves each rank with what it owns, a gather gives all ranks everything; a step does both. MB are what leaves a \
        host, GB/s that over the time: compare it with the link, 0.125 GB/s for 1 Gbit/s. "flat" is for comparison: every \
        rank exchanges with every rank. The last line is plain MPI; with "mpirun --mca coll_han_priority 100" Open MPI's is \
        hierarchical, too.
        """)

    @Option(help: "Gradients: floats to be summed.")
    var floats = 120_000_000

    @Option(
      name: .customLong("bucket"), help: "Floats that are communicated at once; may be repeated.")
    var buckets: [Int] = []

    @Option(help: "Measured reductions of each kind.")
    var repetitions = 5

    @Option(help: "Threads of a rank; its cores if absent.")
    var threads: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
      if floats < 1 || repetitions < 1 || buckets.contains(where: { $0 < 1 }) || (threads ?? 1) < 1 {
        throw ValidationError("--floats, --bucket, --repetitions and --threads must be at least 1.")
      }
    }

    func run() throws {
      let lengths = buckets.isEmpty ? [1 << 18, 1 << 20, 1 << 22] : buckets
      let status = Communicators.run(report: Croco.report) { communicator in
        let result = try ReductionBenchmark(
          count: floats, bucketLengths: lengths, repetitions: repetitions, threads: threads,
          communicator: communicator)
        guard communicator.rank == 0 else { return }
        let heading =
          "\(result.count) floats on \(counted(result.hostCount, "host")); medians (bests) of the slowest rank:"
        try show(result, text: [heading] + result.entries.map(line), result.machine, asJSON: json)
      }
      if status != 0 { throw ExitCode(status) }
    }

    /// "  host first, bf16, by 1048576   sum 120.1 (119.8) ms, 7.4 MB   gather 110.2 (110.0) ms, 14.7 MB   0.11 GB/s".
    private func line(_ entry: ReductionBenchmark.Entry) -> String {
      let name = [entry.way, entry.wire, entry.bucketLength.map { "by \($0)" }].compactMap(\.self)
      func phase(_ name: String, _ times: BenchmarkFigures, _ bytes: Int) -> String {
        "\(name) \(figures(times)) ms" + (bytes > 0 ? String(format: ", %.1f MB", Double(bytes) * 1e-6) : "")
      }
      var parts = ["  " + name.joined(separator: ", ").padding(toLength: 30, withPad: " ", startingAt: 0)]
      parts.append(phase("sum", entry.sum, entry.sumBytes))
      if let gather = entry.gather { parts.append(phase("gather", gather, entry.gatherBytes)) }
      if let rate = entry.gigabytesPerSecond { parts.append(String(format: "%.3f GB/s", rate.median)) }
      return parts.joined(separator: "   ")
    }
  }
}
