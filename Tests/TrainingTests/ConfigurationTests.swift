import CroCoModel
import Foundation
import Runtime
import Testing
import Training

@Suite struct ConfigurationTests {
  private func complaint(_ text: String, _ overrides: [String] = []) -> Failure? {
    do {
      _ = try ConfigurationReader.parse(text, name: "run.yaml", overrides: overrides, overrideName: "--set")
      return nil
    } catch {
      return error
    }
  }

  @Test("a misspelt key is an error that names file, line, key and the nearest valid key")
  func misspeltKey() throws {
    let failure = try #require(complaint("seed: 3\nmodel:\n  encoder_dim: 64\n  encodr_depth: 2\n"))
    #expect(failure.kind == .configuration)
    #expect(
      failure.description
        == "run.yaml:4: unknown key model.encodr_depth. Did you mean model.encoder_depth?")
  }

  @Test(
    "a key is suggested by its words, by what other trainers call it, across sections; nothing far-fetched",
    arguments: [
      ("mask_ratio: 0.9\n", "Did you mean model.mask_ratio?"), ("sede: 1\n", "Did you mean seed?"),
      ("batch:\n  globalbatchsize: 1\n", "Did you mean batch.global_batch_size?"),
      ("batch:\n  lr: 1\n", "Did you mean optimizer.lr?"), ("optimzer:\n  lr: 1\n", "Did you mean optimizer?"),
      ("learningRate: 1\n", "Did you mean optimizer.lr?"),
      ("model:\n  embed_dim: 1\n", "Did you mean model.encoder_dim?"),
      ("model:\n  depth: 1\n", "Did you mean model.encoder_depth?"),
      ("batch_size: 1\n", "Did you mean batch.global_batch_size?"),
      ("batch:\n  size: 1\n", "Did you mean batch.global_batch_size?"),
      ("epochs: 1\n", "Did you mean schedule.epochs?"),
      ("optimizer:\n  decay: 1\n", "Did you mean optimizer.weight_decay?"),
      ("optim:\n  lr: 1\n", "Did you mean optimizer?"), ("gpus: 1\n", "See all keys with a printed configuration."),
      ("every_steps: 1\n", "See all keys with a printed configuration."),
      ("model:\n  encoder: 1\n", "See all keys with a printed configuration."),
    ])
  func suggestedKey(text: String, hint: String) throws {
    let found = try #require(complaint(text))
    #expect(found.description.contains("unknown") && found.hint?.description == hint)
  }

  @Test(
    "a wrong type names line, key, what is expected and what was found",
    arguments: [
      (
        "batch:\n  global_batch_size: many\n",
        "run.yaml:2: batch.global_batch_size: expected an integer of at least 1, found \"many\"."
      ),
      (
        "batch:\n  global_batch_size: \"64\"\n",
        "run.yaml:2: batch.global_batch_size: expected an integer of at least 1, found \"64\"."
      ),
      (
        "model:\n  mask_ratio: [1, 2]\n",
        "run.yaml:2: model.mask_ratio: expected a number in 0 ... 1, found a list of 2."
      ),
      ("model:\n\n  mask_ratio: 1.5\n", "run.yaml:3: model.mask_ratio: expected a number in 0 ... 1, found \"1.5\"."),
      ("loss:\n  kind: huber\n", "run.yaml:2: loss.kind: expected l2 or l1, found \"huber\"."),
      (
        "optimizer:\n  lr: .inf\n", "run.yaml:2: optimizer.lr: expected a number of at least 0 or null, found \".inf\"."
      ),
      ("model: 3\n", "run.yaml:1: expected the keys of section model, found \"3\"."),
      ("- 1\n- 2\n", "run.yaml:1: expected keys with values, found a list of 2."),
      ("seed:\n", "run.yaml:1: seed: expected an integer of at least 0, found nothing."),
      ("data:\n  both_orders: yes\n", "run.yaml:2: data.both_orders: expected true or false, found \"yes\"."),
    ])
  func wrongType(text: String, expected: String) {
    #expect(complaint(text)?.description == expected)
  }

  @Test(
    "impossible values name the line of the key",
    arguments: [
      (
        "model:\n  image_size: 100\n  patch_size: 16\n",
        "run.yaml:2: model.image_size: 100x100 is not a multiple of patch_size 16."
      ),
      (
        "model:\n  mask_ratio: 0\n",
        "run.yaml:2: model.mask_ratio: 0.0 of 196 patches hides none, so the masked loss is 0/0."
      ),
      (
        "batch:\n  global_batch_size: 10\n  micro_batch_size: 4\n",
        "run.yaml:3: batch.micro_batch_size: 4 does not divide batch.global_batch_size 10."
      ),
      (
        "batch:\n  micro_batch_size: 8\ncompute:\n  passes: 3\n",
        "run.yaml:4: compute.passes: 3 passes do not divide batch.micro_batch_size 8."
      ),
      (
        "optimizer:\n  base_lr: 1\n  lr: 1\n",
        "run.yaml:3: optimizer.lr: optimizer.base_lr is set as well; leave one out."
      ),
      (
        "schedule:\n  total_steps: 10\n  warmup_steps: 10\n",
        "run.yaml:3: schedule.warmup_steps: the warm-up of 10 steps must end before total_steps 10."
      ),
      (
        "model:\n  preset: croco_v3\n",
        "run.yaml:2: model.preset: expected one of \(ModelConfiguration.presetNames.joined(separator: ", ")), "
          + "found \"croco_v3\"."
      ),
    ])
  func impossibleValue(text: String, expected: String) {
    #expect(complaint(text)?.description == expected)
  }

  @Test("other names are of keys and sections that there are")
  func aliases() {
    let keys = ConfigurationSchema.entries.map(\.path) + [ConfigurationSchema.presetPath]
    for (name, key) in KeyAliases.keys { #expect(keys.contains(key) && !keys.contains(name), "\(name): \(key)") }
    for (name, section) in KeyAliases.sections {
      #expect(ConfigurationSchema.sections.contains(section) && !ConfigurationSchema.sections.contains(name))
    }
  }

  @Test("broken YAML and keys that come twice are configuration errors with a line")
  func brokenYAML() throws {
    #expect(try #require(complaint("a: [1,\nb: 2")).description.contains("run.yaml is not valid YAML"))
    let twice = try #require(complaint("seed: 1\nseed: 2\n"))
    #expect(twice.kind == .configuration && twice.description.contains("seed"))
  }

  @Test("--set goes through the same checks and names itself")
  func overrides() throws {
    let text = "batch:\n  global_batch_size: 64\n  micro_batch_size: 8\n"
    let configuration = try ConfigurationReader.parse(
      text, name: "run.yaml",
      overrides: ["batch.global_batch_size=32", "data.path=/data/my pairs", "model.image_size=[64, 96]"])
    #expect(configuration.batch.globalBatchSize == 32)
    #expect(configuration.data.path == "/data/my pairs")
    #expect(configuration.model.imageHeight == 64 && configuration.model.imageWidth == 96)
    #expect(
      complaint(text, ["batch.global_batch_sizes=32"])?.description
        == "--set batch.global_batch_sizes=32: unknown key batch.global_batch_sizes. "
        + "Did you mean batch.global_batch_size?")
    #expect(
      complaint(text, ["batch.global_batch_size=x"])?.description
        == "--set batch.global_batch_size=x: batch.global_batch_size: expected an integer of at least 1, found \"x\".")
    #expect(complaint(text, ["batch"])?.kind == .configuration)
  }

  @Test("--set of one of two alternatives replaces the other of the file")
  func alternatives() throws {
    let text = "optimizer:\n  base_lr: 1e-3\nschedule:\n  epochs: 3\n"
    let configuration = try ConfigurationReader.parse(
      text, name: "run.yaml", overrides: ["optimizer.lr=0.5", "schedule.total_steps=20", "schedule.epochs=null"])
    #expect(configuration.optimizer.baseLearningRate == nil && configuration.optimizer.learningRate == 0.5)
    #expect(configuration.schedule.epochs == nil && configuration.schedule.totalSteps == 20)
    #expect(configuration.optimizer.peakLearningRate(globalBatchSize: 64) == 0.5)
  }

  @Test("a preset fills the model section and explicit keys win")
  func preset() throws {
    let configuration = try ConfigurationReader.parse(
      "model:\n  decoder_depth: 2\n  preset: crocov2_large_base\n", name: "run.yaml")
    #expect(configuration.model.encoderDimension == 1024 && configuration.model.decoderDepth == 2)
    #expect(configuration.model.positionEmbedding == .rope(base: 100))
  }

  @Test("the resolved configuration reads back as the same, in a stable order")
  func roundTrip() throws {
    var configuration = TrainingConfiguration()
    configuration.data.path = "/data/ä b: \"c\" #d"
    configuration.optimizer.learningRate = 1.25e-3
    configuration.optimizer.baseLearningRate = nil
    configuration.schedule.epochs = nil
    configuration.schedule.totalSteps = 77
    configuration.model.imageWidth = 96
    configuration.seed = .max
    for documented in [false, true] {
      let text = configuration.resolved(documented: documented)
      let again = try ConfigurationReader.parse(text, name: "config.yaml")
      #expect(again == configuration)
      #expect(again.resolved(documented: documented) == text)
    }
    let lines = configuration.resolved().split(separator: "\n")
    #expect(lines.count == ConfigurationSchema.entries.count + ConfigurationSchema.sections.count)
  }

  @Test("differences name the keys that change what is computed, and only those")
  func differences() {
    let first = TrainingConfiguration()
    var second = first
    second.compute.threads = 3
    second.logging.everySteps = 7
    second.schedule.stopAfterSteps = 9
    #expect(second.differences(from: first).isEmpty)
    second.batch.microBatchSize = 16
    second.optimizer.weightDecay = 0.1
    #expect(
      second.differences(from: first) == [
        "optimizer.weight_decay (0.05 there, 0.1 now)", "batch.micro_batch_size (8 there, 16 now)",
      ])
  }

  @Test(
    "every file in configs/ is valid",
    arguments: ["quickstart", "croco_v1_base", "crocov2_large_base", "debug_tiny"])
  func shippedConfigurations(name: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = root.appendingPathComponent("configs/\(name).yaml").path
    let configuration = try ConfigurationReader.read(path: path, overrides: ["data.path=/data"])
    #expect(configuration.problem == nil)
    if let preset = ModelConfiguration.preset(name) { #expect(configuration.model == preset) }
  }

  @Test("a file that is missing is no input")
  func missingFile() {
    #expect(throws: Failure.self) { try ConfigurationReader.read(path: "/nowhere/run.yaml") }
  }
}
