import Diagnostics
import Files
import HDF5
import JSON
import Synchronization
import TestSupport
import Testing
import Training

/// Asks to stop after a number of batches.
private final class StoppingProgress: ProgressReporter {
  private let left: Mutex<Int>

  init(after batches: Int) { left = Mutex(batches) }

  func begin(_ phase: String, total: Int, done: Int, unit: String) {}
  func advance(by count: Int) { left.withLock { $0 -= 1 } }
  func note(_ line: String) {}
  var isCancelled: Bool { left.withLock { $0 <= 0 } }
}

@Suite struct TrainerTests {
  private let folder: TemporaryFolder
  private let caches: SmallCaches
  private let features: String

  init() throws {
    folder = try TemporaryFolder()
    caches = SmallCaches(folder: folder.path)
    try caches.writeCaptions()
    features = try caches.writeFeatures("features.h5")
  }

  private func options(_ output: String, features: String? = nil) -> TrainingOptions {
    var options = TrainingOptions(
      captions: caches.captions, features: features ?? self.features, output: folder.path + "/" + output)
    (options.hidden, options.wordVector, options.batch, options.epochs) = (10, 6, 5, 4)
    return options
  }

  @discardableResult
  private func train(
    _ options: TrainingOptions, threads: Int = 1, progress: any ProgressReporter = SilentProgress()
  ) throws -> TrainingSummary {
    try Trainer(options, threads: threads).run(restarts: false, progress: progress) { _ in }
  }

  private func content(_ output: String, _ file: String) throws -> [UInt8] {
    let map = try MappedFile(path: folder.path + "/\(output)/\(file)")
    return map.bytes.values(at: 0, count: map.count)
  }

  private func expectSame(_ output: String, as other: String) throws {
    for file in ["captioner.safetensors", "log.csv"] {
      #expect(try content(output, file) == content(other, file), "\(output): \(file)")
    }
  }

  /// 12 training captions in batches of 5 are 3 steps an epoch: stops in the middle, at the end of an epoch and before the last step.
  @Test(arguments: [1, 2, 3, 4, 7, 11], [1, 2]) func aStoppedRunGoesOnBitForBit(batches: Int, threads: Int) throws {
    try train(options("whole"))
    #expect(throws: Interrupted.self) {
      try train(options("stopped"), threads: threads, progress: StoppingProgress(after: batches))
    }
    let summary = try train(options("stopped"), threads: 3 - threads)
    #expect(summary.resumedEpochs == (batches - 1) / 3 || summary.resumedEpochs == batches / 3)
    try expectSame("stopped", as: "whole")
  }

  @Test func moreEpochsGoOnFromFewer() throws {
    try train(options("whole"))
    var short = options("grown")
    short.epochs = 2
    try train(short)
    let summary = try train(options("grown"))
    #expect(summary.resumedEpochs == 2)
    #expect(try content("grown", "log.csv") == content("whole", "log.csv"))
    let finished = try train(options("grown"))
    #expect(finished.resumedEpochs == 4 && finished.records.count == 4)
  }

  @Test func otherChoicesStartAnew() throws {
    try train(options("again"))
    var other = options("again")
    other.seed = 2
    #expect(try train(other).resumedEpochs == 0)
    var fresh = options("fresh")
    fresh.seed = 2
    try train(fresh)
    try expectSame("again", as: "fresh")
  }

  @Test func aDamagedStateIsNoticed() throws {
    try train(options("whole"))
    var short = options("damaged")
    short.epochs = 2
    try train(short)
    let state = try #require(
      try FileSystem.list(folder.path + "/damaged").first { $0.contains("state") }, "a file of the optimizer's state")
    var bytes = try content("damaged", state)
    bytes[bytes.count - 9] ^= 64
    try FileSystem.replace(folder.path + "/damaged/" + state, with: bytes)
    #expect(try train(options("damaged")).resumedEpochs == 0)
    try expectSame("damaged", as: "whole")
  }

  @Test func threadsDoNotShow() throws {
    try train(options("one"))
    for threads in [2, 3, 8] {
      try train(options("threads\(threads)"), threads: threads)
      try expectSame("threads\(threads)", as: "one")
    }
  }

  /// A row of tokens or features that is not what was written is not trained on.
  @Test func damagedRowsAreRefused() throws {
    for (file, name) in [(caches.captions, "tokens"), (features, "pooled")] {
      let offset = try HDF5File(path: file).dataset(name).offset
      let map = try MappedFile(path: file)
      var bytes = map.bytes.values(at: 0, count: map.count, as: UInt8.self)
      bytes[offset + 33] ^= 4
      try FileSystem.replace(file, with: bytes)
      let error = #expect(throws: InputError.self) { try train(options("damaged rows")) }
      #expect(error.map { "\($0)".contains("\(name) row") } == true)
      bytes[offset + 33] ^= 4
      try FileSystem.replace(file, with: bytes)
    }
    try train(options("damaged rows"))
  }

  /// Rows are joined by the images' ids, so their order in the features cache does not matter.
  @Test func featuresMayStandInAnyOrder() throws {
    let first = try train(options("one"))
    let turned = try caches.writeFeatures("turned.h5", positions: SmallCaches.imageIDs.indices.reversed())
    let second = try train(options("two", features: turned))
    #expect(first.records == second.records && second.droppedCaptions == 0)
  }

  @Test func captionsWithoutFeaturesAreLeftOutAndCounted() throws {
    let some = try caches.writeFeatures("some.h5", positions: [0, 1, 3, 4, 5, 6, 7])
    let summary = try train(options("some", features: some))
    #expect(summary.droppedCaptions == 2 && summary.captions == 10 && summary.validationCaptions == 4)
  }

  @Test func foreignFeaturesAreRefused() throws {
    let few = try caches.writeFeatures("few.h5", positions: [0, 1, 2])
    let splits = try caches.writeFeatures("splits.h5", splits: ["train", "test"])
    let selection = try caches.writeFeatures("selection.h5", selection: ["first": 9])
    let annotations = try caches.writeFeatures("annotations.h5", inputs: ["annotations_train": "xyz"])
    let moved = try caches.writeFeatures("moved.h5", inSplit: 1)
    for (path, problem) in [
      (few, "only 3 of its 8 images"), (splits, "splits is"), (selection, "selection.first is 9 here, 8 there"),
      (annotations, #"annotations_train is "xyz" here"#), (moved, "the image is in split 1 here, 0 there"),
      (caches.captions, "captioneer.features"),
    ] {
      let error = #expect(throws: InputError.self) { try Trainer(options("no", features: path), threads: 1) }
      #expect(error.map { "\($0)".contains(problem) } == true, "\(problem): \(error.map { "\($0)" } ?? "")")
    }
    #expect(!FileSystem.isFolder(folder.path + "/no"))
  }
}
