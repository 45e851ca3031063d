import TestSupport
import Testing

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
