import Diagnostics
import Files
import JSON
import Synchronization
import TestSupport
import Testing
import Training
import Weights

/// Asks to stop after a number of batches.
private final class StoppingProgress: ProgressReporter {
  private let left: Mutex<Int>

  init(after batches: Int) { left = Mutex(batches) }

  func begin(_ phase: String, total: Int, done: Int, unit: String) {}
  func advance(by count: Int) { left.withLock { $0 -= 1 } }
  func note(_ line: String) {}
  var isCancelled: Bool { left.withLock { $0 <= 0 } }
}

/// What a run does with a folder in which there is a run already: 12 captions in batches of 5 are 3 steps an epoch.
@Suite struct ResumptionTests {
  private let folder: TemporaryFolder
  private let caches: SmallCaches
  private let features: String

  init() throws {
    folder = try TemporaryFolder()
    caches = SmallCaches(folder: folder.path)
    try caches.writeCaptions()
    features = try caches.writeFeatures("features.h5")
  }

  private func options(_ output: String, epochs: Int = 4) -> TrainingOptions {
    var options = TrainingOptions(
      captions: caches.captions, features: features, output: folder.path + "/" + output)
    (options.hidden, options.wordVector, options.batch, options.epochs) = (10, 6, 5, epochs)
    return options
  }

  @discardableResult
  private func train(
    _ options: TrainingOptions, restarts: Bool = false, progress: any ProgressReporter = SilentProgress()
  ) throws -> TrainingSummary {
    try Trainer(options, threads: 1).run(restarts: restarts, progress: progress) { _ in }
  }

  private func stop(_ options: TrainingOptions, after batches: Int, restarts: Bool = false) {
    #expect(throws: Interrupted.self) {
      try train(options, restarts: restarts, progress: StoppingProgress(after: batches))
    }
  }

  private func path(_ output: String, _ file: String) -> String { folder.path + "/\(output)/\(file)" }

  private func content(_ output: String, _ file: String) throws -> [UInt8] {
    let map = try MappedFile(path: path(output, file))
    return map.bytes.values(at: 0, count: map.count)
  }

  /// Every file of a folder.
  private func files(_ output: String) throws -> [String: [UInt8]] {
    let names = try FileSystem.list(folder.path + "/" + output)
    return Dictionary(uniqueKeysWithValues: try names.map { ($0, try content(output, $0)) })
  }

  private func expectSame(_ output: String, as other: String) throws {
    for file in ["captioner.safetensors", "log.csv"] {
      #expect(try content(output, file) == content(other, file), "\(output): \(file)")
    }
  }

  /// A refusal that names all of `words`, after which the folder is as it was.
  private func expectRefusal(
    _ options: TrainingOptions, naming words: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let output = FileSystem.name(of: options.output)
    let before = try files(output)
    let error = #expect(throws: InputError.self, sourceLocation: sourceLocation) { try train(options) }
    let line = error.map { "\($0)" } ?? ""
    for word in words { #expect(line.contains(word), "\(line)", sourceLocation: sourceLocation) }
    #expect(try files(output) == before, sourceLocation: sourceLocation)
  }

  /// Stops in the middle, at the end of an epoch and before the last step.
  @Test(arguments: [1, 2, 3, 4, 7, 11], [1, 2]) func aStoppedRunGoesOnBitForBit(batches: Int, threads: Int) throws {
    try train(options("whole"))
    #expect(throws: Interrupted.self) {
      try Trainer(options("stopped"), threads: threads).run(
        restarts: false, progress: StoppingProgress(after: batches)
      ) { _ in }
    }
    let summary = try Trainer(options("stopped"), threads: 3 - threads).run(
      restarts: false, progress: SilentProgress()
    ) { _ in }
    #expect(summary.resumedEpochs == (batches - 1) / 3 || summary.resumedEpochs == batches / 3)
    try expectSame("stopped", as: "whole")
  }

  @Test func moreEpochsGoOnFromFewer() throws {
    try train(options("whole"))
    try train(options("grown", epochs: 2))
    #expect(try train(options("grown")).resumedEpochs == 2)
    try expectSame("grown", as: "whole")
    let finished = try train(options("grown"))
    #expect(finished.resumedEpochs == 4 && finished.records.count == 4)
    try expectSame("grown", as: "whole")
  }

  /// A model in the middle of epoch 4 is nobody's epoch 3.
  @Test(arguments: [10, 11]) func aStateWithinAnEpochIsNeverPublished(batches: Int) throws {
    try train(options("three", epochs: 3))
    try train(options("eight", epochs: 8))
    stop(options("stopped", epochs: 8), after: batches)
    #expect(try train(options("stopped", epochs: 3)).records.count == 3)
    try expectSame("stopped", as: "three")
    try train(options("stopped", epochs: 8))
    try expectSame("stopped", as: "eight")
  }

  @Test func aStateWithinAnEpochDoesNotStandInForALostCheckpoint() throws {
    stop(options("stopped", epochs: 8), after: 10)
    try FileSystem.remove(path("stopped", "captioner.safetensors"))
    try expectRefusal(options("stopped", epochs: 3), naming: ["epoch 4", "--epochs 4", "--force"])
    // Of another run.
    var other = options("other", epochs: 3)
    other.seed = 9
    try train(other)
    try FileSystem.replace(
      path("stopped", "captioner.safetensors"), with: content("other", "captioner.safetensors"))
    try expectRefusal(options("stopped", epochs: 3), naming: ["epoch 4"])
    try train(options("stopped", epochs: 8))
    try train(options("eight", epochs: 8))
    try expectSame("stopped", as: "eight")
  }

  @Test func aLostCheckpointComesBackFromAnEpochsEnd() throws {
    try train(options("whole"))
    try train(options("lost"))
    for file in ["captioner.safetensors", "log.csv"] { try FileSystem.remove(path("lost", file)) }
    #expect(try train(options("lost")).resumedEpochs == 4)
    try expectSame("lost", as: "whole")
  }

  @Test func anEditedLogIsWrittenAgain() throws {
    try train(options("whole"))
    try train(options("edited", epochs: 2))
    try FileSystem.replace(path("edited", "log.csv"), with: "epoch,steps\n1,99\n")
    try train(options("edited"))
    try expectSame("edited", as: "whole")
  }

  @Test func otherChoicesAreRefused() throws {
    try train(options("run"))
    func changed(_ change: (inout TrainingOptions) -> Void) -> TrainingOptions {
      var options = options("run", epochs: 9)
      change(&options)
      return options
    }
    for (other, words) in [
      (changed { $0.seed = 2 }, ["--seed", "1 there, 2 here"]),
      (changed { $0.learningRate = 0.5 }, ["--learning-rate", "0.001 there, 0.5 here"]),
      (changed { $0.hidden = 11 }, ["--hidden"]), (changed { $0.batch = 4 }, ["--batch"]),
      (changed { $0.clip = 1 }, ["--clip", "not given there"]),
      (changed { $0.validationSplit = "train" }, ["--validation-split"]),
      (options("run", epochs: 3), ["4 finished epochs", "--epochs is 3"]),
    ] {
      try expectRefusal(other, naming: words + ["--force", "--output"])
    }
    stop(options("begun"), after: 1)
    var other = options("begun")
    other.wordVector = 7
    try expectRefusal(other, naming: ["--word-vector"])
  }

  @Test func otherCachesAreRefused() throws {
    try train(options("run"))
    let captions = try content("", "captions.h5")
    try caches.writeCaptions(inputs: ["annotations_train": "xyz"])
    try expectRefusal(options("run"), naming: [caches.captions, "other captions"])
    try FileSystem.replace(caches.captions, with: captions)
    _ = try caches.writeFeatures("features.h5", inputs: ["images": "other", "weights": "other"])
    try expectRefusal(options("run"), naming: [features, "other features"])
  }

  @Test func anythingIsForcedAway() throws {
    var other = options("forced")
    other.seed = 2
    try train(other)
    stop(other, after: 1, restarts: true)
    #expect(try train(options("forced"), restarts: true).resumedEpochs == 0)
    try train(options("whole"))
    try expectSame("forced", as: "whole")
  }

  /// Stopped before its first step a forced run leaves what was there, and a new one leaves nothing.
  @Test func nothingLearntIsNothingSaved() throws {
    stop(options("none"), after: 0)
    #expect(try files("none").isEmpty)
    try train(options("run"))
    let before = try files("run")
    var other = options("run")
    other.seed = 2
    stop(other, after: 0, restarts: true)
    #expect(try files("run") == before)
  }

  /// Each epoch has an order of its own: with a learning rate of 0 the first batch's loss tells which captions were in it.
  @Test func everyEpochIsShuffledAnew() throws {
    var options = options("shuffled")
    options.learningRate = 0
    let losses = try [1, 3, 3, 3].map { batches in
      stop(options, after: batches)
      let file = try SafetensorsFile(path: path("shuffled", "captioner.state.safetensors"))
      func value(_ key: String) -> String? { file.metadata.first { $0.key == key }?.value }
      #expect(value("position") == "5")
      return try #require(value("loss_sum").flatMap { UInt64($0) }.map { Double(bitPattern: $0) })
    }
    #expect(Set(losses).count == 4, "\(losses)")
  }

  /// No bit of a state turns unnoticed, and none of them costs what was published.
  @Test func aDamagedStateIsRefused() throws {
    try train(options("damaged", epochs: 2))
    let state = try content("damaged", "captioner.state.safetensors")
    let header = Int(state[0]) + Int(state[1]) << 8
    var places =
      Array(stride(from: 8, to: header + 8, by: 37)) + Array(stride(from: header + 8, to: state.count, by: 399))
    places += [0, 7, state.count - 1]
    for place in places {
      var bytes = state
      bytes[place] ^= 1 << (place % 8)
      try FileSystem.replace(path("damaged", "captioner.state.safetensors"), with: bytes)
      try expectRefusal(options("damaged"), naming: ["captioner.state.safetensors", "--force"])
    }
    for count in [0, 7, 100, header + 8, state.count - 1] {
      try FileSystem.replace(path("damaged", "captioner.state.safetensors"), with: Array(state.prefix(count)))
      try expectRefusal(options("damaged"), naming: ["captioner.state.safetensors", "is damaged", "--force"])
    }
  }

  @Test func filesOfOtherKindsAreRefused() throws {
    try train(options("run", epochs: 2))
    try FileSystem.makeFolder(folder.path + "/foreign")
    let state = path("foreign", "captioner.state.safetensors")
    try writeSafetensors([NamedTensor(name: "mine", shape: [1], values: [1])], to: state)
    try expectRefusal(options("foreign"), naming: [state, "no state of a training run", "--force"])
    try FileSystem.remove(state)
    try FileSystem.makeFolder(state)
    let error = #expect(throws: InputError.self) { try train(options("foreign")) }
    #expect(error.map { "\($0)".contains(state) } == true)
    try FileSystem.remove(path("run", "captioner.state.safetensors"))
    try expectRefusal(options("run"), naming: ["captioner.safetensors", "captioner.state.safetensors", "--force"])
  }

  private func replaceState(_ output: String, _ change: (String, String) -> String) throws {
    let file = try SafetensorsFile(path: path(output, "captioner.state.safetensors"))
    var metadata: [(String, String)] = file.metadata.filter { $0.key != "digest" }.map {
      ($0.key, change($0.key, $0.value))
    }
    let tensors = try file.names.map(file.tensor)
    metadata.append(("digest", checkpointDigest(metadata: metadata.map { ($0, $1) }, tensors: tensors)))
    try writeSafetensors(tensors, metadata: metadata, to: path(output, "captioner.state.safetensors"))
  }

  @Test(arguments: [("1", "an older train-captioner"), ("99", "a newer train-captioner")])
  func statesOfOtherVersionsAreRefused(version: String, words: String) throws {
    try train(options("run", epochs: 2))
    try replaceState("run") { key, value in
      guard key == "identity", let identity = try? JSONValue(parsing: value) else { return value }
      return JSONValue.object(
        (identity.members ?? []).map { $0.key == "code_version" ? .init($0.key, .integer(Int(version)!)) : $0 }
      ).compact
    }
    try expectRefusal(options("run"), naming: [words, "--force"])
  }

  @Test(arguments: [
    ("position", "-5"), ("position", "12"), ("position", "11"), ("steps", "-1"), ("log", "[]"),
    ("loss_sum", "9218868437227405312"),
  ])
  func statesThatContradictThemselvesAreRefused(key: String, value: String) throws {
    stop(options("run"), after: 5)
    try replaceState("run") { $0 == key ? value : $1 }
    try expectRefusal(options("run"), naming: ["captioner.state.safetensors", "--force"])
  }

  /// A step that ends in numbers that are none is never saved: the epoch before stays, and can be gone on from.
  @Test func divergenceKeepsTheLastEpoch() throws {
    var wild = options("wild")
    wild.learningRate = 1e38
    let error = #expect(throws: InputError.self) { try train(wild) }
    #expect(error.map { "\($0)".contains("no finite number") } == true)
    #expect(try files("wild").isEmpty)
    wild.batch = 100
    (wild.output, wild.trainingSplit, wild.validationSplit) = (folder.path + "/one step", "train", "train")
    #expect(throws: InputError.self) { try train(wild) }
    #expect(try files("one step").isEmpty)
  }
}
