import PairData
import Runtime
import Storage
import Training

/// Draws the same pairs again and again while a network learns: `reconstructions/step-*.png`.
package final class PictureWriter: RunObserver {
  /// When pictures are drawn: every so many steps, and after the last.
  package struct Times: Sendable {
    let everySteps: Int
    let lastStep: Int

    func include(_ step: Int) -> Bool { step % everySteps == 0 || step == lastStep }
  }

  package let audience = RunAudience.firstRank

  private let evaluator: NetworkEvaluator
  private let sheet: ReconstructionSheet
  private let batch: PairBatch
  private let times: Times
  private let folder: String

  /// Where pictures go besides, if anywhere.
  var events: EventFile?

  /// Prepares to draw the pairs of `batch` into `folder`.
  ///
  /// - Parameter slabCount: touches the last bits of the predictions.
  /// - Throws: `Failure` of kind `inputOutput` where the folder cannot be created.
  package init(
    _ network: TrainedNetwork, batch: PairBatch, times: Times, folder: String, slabCount: Int, pool: WorkerPool
  ) throws(Failure) {
    try FileSystem.createFolder(folder)
    evaluator = NetworkEvaluator(network, batchSize: batch.count, slabCount: slabCount, pool: pool)
    sheet = ReconstructionSheet(network)
    self.batch = batch
    self.times = times
    self.folder = folder
  }

  package func run(didStep report: StepReport) throws(Failure) {
    guard times.include(report.step) else { return }
    let picture = sheet.draw(batch, prediction: evaluator.predict(batch))
    let png = try ReconstructionPicture.publish(
      picture, at: folder.appending(path: Checkpoint.name(ofStep: report.step) + ".png"))
    let size = PixelSize(height: picture.height, width: picture.width)
    try events?.write([.picture("reconstructions", png: png, size)], step: report.step)
  }
}

extension TrainingRun {
  /// Adds what draws reconstructions of held-out pairs, or of training pairs where there is no validation, if the
  /// configuration wants them; collective.
  ///
  /// - Parameter events: where pictures go besides, on rank 0.
  /// - Throws: `Failure` of a pair that cannot be used, or of the folder; the same on every rank.
  package func addPictures(to events: EventFile? = nil) throws(Failure) {
    let pictures = context.configuration.pictures
    guard pictures.everySteps > 0 else { return }
    let writer = try context.communicator.together { context.isFirstRank ? try pictureWriter(pictures) : nil }
    writer?.events = events
    if let writer { add(writer) }
  }

  private func pictureWriter(_ pictures: PictureConfiguration) throws(Failure) -> PictureWriter {
    let configuration = context.configuration
    let source = data.validation ?? data.training
    let count = min(pictures.count, source.count)
    let loader = try ValidationLoader(source: source, configuration: LoaderConfiguration(configuration))
    return try PictureWriter(
      TrainedNetwork(configuration.model, configuration.loss, trainer.parameters),
      batch: loader.batch(pairs: (0..<count).map { $0 * source.count / count }),
      times: PictureWriter.Times(everySteps: pictures.everySteps, lastStep: lastStep), folder: folder.pictureFolder,
      slabCount: configuration.compute.slabs, pool: context.pool)
  }
}
