import Files
import JSON
import TestSupport
import Testing

/// The built executables, run as a user runs them, one at a time.
@Suite(.serialized) struct StageTests {}

/// Files that the project made for its own tests: drawn scenes, a small network with made-up weights, and what the stages
/// make of them.
final class Fixture: Sendable {
  static let shared = Result { try Fixture() }

  static func get() throws -> Fixture { try shared.get() }

  let folder: TemporaryFolder
  var path: String { folder.path }
  var scenes: String { path + "/scenes" }
  var weights: String { path + "/weights.safetensors" }
  var images: String { path + "/images.h5" }
  var captions: String { path + "/captions.h5" }
  var features: String { path + "/features.h5" }
  var captioner: String { path + "/captioner" }
  var checkpoint: String { captioner + "/captioner.safetensors" }

  static let trainCount = 48
  static let validationCount = 16

  private init() throws {
    folder = try TemporaryFolder()
    try writeSmallNetwork(to: folder.path + "/weights.safetensors")
    try succeed("generate-scenes", sceneArguments)
    try succeed("decode-images", decodeArguments)
    try succeed("tokenize-captions", tokenizeArguments)
    try succeed("extract-features", extractArguments)
    try succeed("train-captioner", trainArguments)
  }

  var splits: [String] {
    ["--split", "train=\(scenes)/captions_train.json", "--split", "val=\(scenes)/captions_val.json"]
  }
  var sceneArguments: [String] {
    [
      "--train", "\(Self.trainCount)", "--validation", "\(Self.validationCount)", "--seed", "7", "--output", scenes,
    ]
  }
  var decodeArguments: [String] { splits + ["--images", scenes + "/images", "--output", images] }
  var tokenizeArguments: [String] { splits + ["--output", captions] }
  var extractArguments: [String] { ["--images-cache", images, "--weights", weights, "--output", features] }
  var trainArguments: [String] {
    [
      "--captions", captions, "--features", features, "--hidden", "32", "--word-vector", "16", "--batch", "16",
      "--epochs", "2", "--seed", "1", "--output", captioner,
    ]
  }
  var captionArguments: [String] {
    ["--checkpoint", checkpoint, "--features", features, "--split", "val", "--results", path + "/results.json"]
  }

  /// Every stage with the arguments that make it up to date here, in order.
  var stages: [(name: String, arguments: [String])] {
    [
      ("generate-scenes", sceneArguments), ("decode-images", decodeArguments),
      ("tokenize-captions", tokenizeArguments), ("extract-features", extractArguments),
      ("train-captioner", trainArguments),
    ]
  }
}

/// Runs a stage and fails the test, with what it said, where it does not succeed.
@discardableResult
func succeed(_ name: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws
  -> StageProcess
{
  let run = try StageProcess.run(name, arguments)
  try #require(
    run.code == 0, "\(name) \(arguments.joined(separator: " ")): \(run.errors)", sourceLocation: sourceLocation)
  return run
}

/// Runs a stage that must fail with one clear line that names all of `words`, and without a trap.
func expectRefusal(
  _ name: String, _ arguments: [String], naming words: [String], code: Int32 = 1,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try StageProcess.run(name, arguments)
  #expect(run.code == code, "\(run.output)\(run.errors)", sourceLocation: sourceLocation)
  #expect(run.errorLines.count == 1, "\(run.errors)", sourceLocation: sourceLocation)
  let line = run.errorLines.last ?? ""
  #expect(line.hasPrefix(name + ": "), sourceLocation: sourceLocation)
  for word in words { #expect(line.contains(word), sourceLocation: sourceLocation) }
}

/// The whole of a file.
func bytes(_ path: String) throws -> [UInt8] {
  let file = try MappedFile(path: path)
  return file.bytes.values(at: 0, count: file.count, as: UInt8.self)
}

/// Writes the COCO captions JSON of `images`, one caption each.
func writeAnnotations(_ images: [(id: Int, file: String)], to path: String) throws {
  let document: JSONValue = [
    "images": .array(images.map { ["id": .integer($0.id), "file_name": .string($0.file)] }),
    "annotations": .array(
      images.map { ["id": .integer($0.id), "image_id": .integer($0.id), "caption": "A red circle on a blue ground."] }),
  ]
  try FileSystem.replace(path, with: document.compact)
}

/// `count` images that are the fixture's scenes over and over, under rising ids.
func repeatedScenes(_ count: Int) -> [(id: Int, file: String)] {
  (0..<count).map { index in
    let digits = String(index % (Fixture.trainCount + Fixture.validationCount) + 1)
    return (index + 1, String(repeating: "0", count: 12 - digits.count) + digits + ".jpg")
  }
}
