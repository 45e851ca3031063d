import Caches
import Diagnostics
import Files
import JSON
import TestSupport
import Testing
import Training

#if canImport(Glibc)
  import Glibc
#endif

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
    _ options: TrainingOptions, threads: Int = 1, restarts: Bool = false
  ) throws -> TrainingSummary {
    try Trainer(options, threads: threads).run(restarts: restarts, progress: SilentProgress()) { _ in }
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

  @Test func threadsDoNotShow() throws {
    try train(options("one"))
    for threads in [2, 3, 8] {
      try train(options("threads\(threads)"), threads: threads)
      try expectSame("threads\(threads)", as: "one")
    }
  }

  /// A row of tokens or features that is not what was written is not trained on.
  @Test func damagedRowsAreRefused() throws {
    for (file, format, name) in [
      (caches.captions, "captioneer.captions", "tokens"), (features, "captioneer.features", "pooled"),
    ] {
      let offset = try CacheReader(path: file, format: format).rows(name).offset
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

  /// Writes over bytes of a file that somebody has mapped.
  private func overwrite(_ file: String, at offset: Int, _ bytes: [UInt8]) throws {
    guard let handle = unsafe fopen(file, "r+") else { throw InputError(file: file, "can't be opened") }
    defer { unsafe fclose(handle) }
    unsafe fseek(handle, offset, SEEK_SET)
    let count = unsafe fwrite(bytes, 1, bytes.count, handle)
    #expect(count == bytes.count)
  }

  /// The copy that is learnt from is checked, not the file that was checked once.
  @Test func rowsEditedAfterTheirCheckAreRefused() throws {
    for (file, format, name, bytes) in [
      (caches.captions, "captioneer.captions", "tokens", [1, 0, 0, 0] as [UInt8]),
      (caches.captions, "captioneer.captions", "tokens", [255, 255, 255, 127]),
      (features, "captioneer.features", "pooled", [1, 2, 3, 4]),
    ] {
      let offset = try CacheReader(path: file, format: format).rows(name).offset
      let map = try MappedFile(path: file)
      let before = map.bytes.values(at: offset + 4, count: 4, as: UInt8.self)
      let trainer = try Trainer(options("edited"), threads: 1)
      try overwrite(file, at: offset + 4, bytes)
      let error = #expect(throws: InputError.self) {
        try trainer.run(restarts: true, progress: SilentProgress()) { _ in }
      }
      #expect(error.map { "\($0)".contains("\(name) row") } == true)
      try overwrite(file, at: offset + 4, before)
    }
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

  /// Features are of images: which captions were chosen, and from which version of the file, is not theirs to know.
  @Test func captionsOfAnyChoiceAreJoined() throws {
    for write in [
      { try caches.writeCaptions(captionsPerImage: 1) }, { try caches.writeCaptions([1, 4, 6]) },
      { try caches.writeCaptions(inputs: ["annotations_train": "an edited file"]) },
      {
        try caches.writeCaptions(
          inputs: ["annotations": "Karpathy's"], fileName: { "val2014/" + SmallCaches.fileName($0) },
          size: { _ in [0, 0] })
      },
      { try caches.writeCaptions([0, 2, 3], splitNames: ["train"]) },
    ] {
      try write()
      #expect(try train(options("any"), restarts: true).droppedCaptions == 0)
    }
  }

  /// COCO's photographs kept their numbers when their files lost `COCO_train2014_`.
  @Test func namesOf2014AreThoseOf2017() throws {
    try caches.writeCaptions(fileName: { "COCO_train2014_" + SmallCaches.fileName($0) })
    try train(options("2014"))
    try caches.writeCaptions(fileName: { "COCO_train2014_0" + SmallCaches.fileName($0) })
    #expect(throws: InputError.self) { try train(options("other")) }
  }

  private func expectRefusal(
    _ features: String, naming words: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: InputError.self, sourceLocation: sourceLocation) {
      try Trainer(options("no", features: features), threads: 1)
    }
    for word in words {
      #expect(
        error.map { "\($0)".contains(word) } == true, "\(error.map { "\($0)" } ?? "")", sourceLocation: sourceLocation)
    }
    #expect(!FileSystem.isFolder(folder.path + "/no"), sourceLocation: sourceLocation)
  }

  @Test func foreignFeaturesAreRefused() throws {
    expectRefusal(
      try caches.writeFeatures("few.h5", positions: [0, 1, 6, 7]),
      naming: ["only 2 of the 6 images of split 'train'", "extract-features"])
    expectRefusal(
      try caches.writeFeatures("no val.h5", positions: [0, 1, 2, 3, 4, 5]),
      naming: ["only 0 of the 2 images of split 'val'"])
    expectRefusal(
      try caches.writeFeatures("splits.h5", splits: ["train", "test"]),
      naming: ["image 60 is in split test here, in split val there"])
    expectRefusal(
      try caches.writeFeatures("moved.h5", inSplit: 1), naming: ["image 70 is in split val here, in split train there"])
    expectRefusal(try caches.writeFeatures("old.h5", namesImages: false), naming: ["older extract-features"])
    expectRefusal(caches.captions, naming: ["captioneer.features"])
  }

  /// Ids that overlap by chance are found out by the photographs' names and sizes.
  @Test func otherPhotographsUnderTheSameIDsAreRefused() throws {
    try caches.writeCaptions(fileName: { "flower\($0).jpg" })
    expectRefusal(features, naming: ["image 70 is photo70.jpg here, flower0.jpg there", "decode-images"])
    try caches.writeCaptions(size: { $0 == 3 ? [640, 480] : SmallCaches.size($0) })
    expectRefusal(features, naming: ["image 30 is photo30.jpg of 640×403 here, photo30.jpg of 640×480 there"])
    try caches.writeCaptions(size: { $0 == 3 ? [0, 0] : SmallCaches.size($0) })
    try train(options("unknown size"))
  }

  /// A model that fits no machine ends in a line; a batch of more than there is takes no more than there is.
  @Test func memoryIsLookedAtBeforeItIsClaimed() throws {
    var huge = options("huge")
    huge.batch = 1 << 20
    try train(huge)
    huge.hidden = 1 << 20
    let error = #expect(throws: InputError.self) { try Trainer(huge, threads: 1) }
    #expect(error.map { "\($0)".contains("--hidden 1048576") && "\($0)".contains("of memory") } == true)
  }

  /// Losses are per caption, perplexities per word; without a step (a learning rate of 0) each can be had in another way.
  @Test func validationIsOnItsOwnSplit() throws {
    func record(_ output: String, _ trainingSplit: String, _ validationSplit: String) throws -> EpochRecord {
      var options = options(output)
      (options.learningRate, options.epochs) = (0, 1)
      (options.trainingSplit, options.validationSplit) = (trainingSplit, validationSplit)
      return try #require(try train(options).records.first)
    }
    let (one, other) = (try record("one", "train", "val"), try record("two", "val", "train"))
    for (validated, trained) in [(one, other), (other, one)] {
      let loss = try #require(validated.validationLoss)
      #expect(abs(loss - trained.trainingLoss) < 1e-6 * loss, "\(loss), \(trained.trainingLoss)")
    }
    #expect(abs(one.trainingLoss - other.trainingLoss) > 1e-3)
    // The four captions of split val have 2, 3, 3 and 4 words and as many ends.
    let perplexity = try #require(one.validationPerplexity)
    let loss = try #require(one.validationLoss)
    #expect(abs(log(perplexity) - loss * 4 / 16) < 1e-6 * loss, "\(perplexity), \(loss)")
  }

  @Test func featuresThatAreNoNumbersAreNamed() throws {
    let infinite = try caches.writeFeatures("infinite.h5", first: .infinity)
    let error = #expect(throws: InputError.self) { try train(options("infinite", features: infinite)) }
    #expect(error.map { "\($0)".contains("pooled row") && "\($0)".contains("not finite") } == true)
  }
}
