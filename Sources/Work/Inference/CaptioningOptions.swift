import Diagnostics
import FeatureNetworks
import Files
package import JSON

/// What the user chose about captioning.
package struct CaptioningOptions: Sendable {
  package enum Subjects: Sendable {
    /// JPEG files and folders of them, with the weights that describe them; nil for those in the weights folder.
    case photographs([String], weights: String?)
    /// The rows of a features cache; of all splits where `split` is nil.
    case features(String, split: String?)
  }

  package var subjects: Subjects
  /// The file, or the folder that train-captioner made.
  package var checkpoint: String
  package var maximumWords: Int
  /// A safetensors file that gets the scores of the first rows' words.
  package var logits: String?

  package init(_ subjects: Subjects, checkpoint: String, maximumWords: Int, logits: String? = nil) {
    self.subjects = subjects
    self.checkpoint = checkpoint
    self.maximumWords = maximumWords
    self.logits = logits
  }

  /// All that changes the output besides the inputs' content.
  package var configuration: JSONValue {
    let split: String? = if case .features(_, let split) = subjects { split } else { nil }
    return [
      "split": split.map { .string($0) } ?? .null, "maximum_words": .integer(maximumWords), "decoding": "greedy",
    ]
  }

  package var checkpointFile: String {
    get throws {
      let isFolder = try FileSystem.status(of: checkpoint)?.isFolder == true
      return isFolder ? FileSystem.join(checkpoint, "captioner.safetensors") : checkpoint
    }
  }

  /// How many captions there will be.
  package var rowCount: Int {
    get throws {
      switch subjects {
      case .photographs(let paths, _): try LoosePhotographs(paths).files.count
      case .features(let path, let split): try CachedSplit(path: path, split: split).count
      }
    }
  }

  /// The weights that were given, or those that are found; downloading is extract-features' business.
  ///
  /// - Throws: `InputError` where there are none.
  package static func weightsFile(_ given: String?) throws -> String {
    if let given { return given }
    let published = FeatureNetworkKind.standard.weights
    if let path = try published.find(path: nil, folder: "cache/weights") { return path }
    throw InputError(
      file: FileSystem.join("cache/weights", published.name), "the weights file is not there",
      remedy: "give --weights FILE, the one the captioner's features were extracted with")
  }
}
