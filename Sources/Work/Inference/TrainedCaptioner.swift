import Caches
import Captioners
import Diagnostics
import JSON
import Kernels

/// A trained captioner, opened from its checkpoint.
package final class TrainedCaptioner: Sendable {
  let path: String
  let model: RecurrentCaptioner
  let decoder: GreedyDecoder
  /// What made the features it was trained on.
  let origin: FeatureOrigin

  /// - Throws: `InputError` for a file that is no checkpoint of train-captioner.
  package init(checkpoint path: String) throws {
    self.path = path
    model = try RecurrentCaptioner(path: path)
    guard let text = model.information.first(where: { $0.key == "features" })?.value else {
      throw InputError(
        file: path, at: "__metadata__", "does not say what features it was trained on",
        remedy: "give a checkpoint that train-captioner made")
    }
    origin = FeatureOrigin(record: try JSONValue(parsing: text, file: path))
    for entry in model.parameters.entries where !model.parameters.matrix(entry.name).values.allSatisfy(\.isFinite) {
      throw InputError(
        file: path, at: "tensor \(entry.name)", "holds a number that is not finite",
        remedy: "train again with a lower --learning-rate")
    }
    decoder = GreedyDecoder(model)
  }

  /// Greedy captions of features [rows, inputs].
  func captions(_ features: Matrix, maximumWords: Int, threads: Int) -> [String] {
    decoder.words(features: features, maximumWords: maximumWords, threads: threads).map {
      $0.joined(separator: " ")
    }
  }

  /// - Throws: `InputError` where `channels` features an image are not what the captioner reads.
  func check(channels: Int, of file: String) throws {
    guard channels == model.sizes.features else {
      throw InputError(
        file: file, "makes \(channels) features an image, the captioner reads \(model.sizes.features)",
        remedy: "give what it was trained with")
    }
  }
}
