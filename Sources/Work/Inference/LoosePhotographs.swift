import Caches
package import Diagnostics
import FeatureNetworks
import Files
import Images
import JSON
import Kernels

/// JPEG files that are in no cache, to be decoded and described on the way to their captions.
package struct LoosePhotographs: Sendable {
  /// In the order they were given; a folder's by name.
  package let files: [String]

  /// - Parameter paths: JPEG files and folders of them.
  /// - Throws: `InputError` for a path that is neither.
  package init(_ paths: [String]) throws {
    var files: [String] = []
    for path in paths {
      let remedy = "give JPEG files or a folder of them"
      guard let status = try FileSystem.status(of: path) else {
        throw InputError(file: path, "is not there", remedy: remedy)
      }
      guard status.isFolder else {
        guard status.signature != nil else { throw InputError(file: path, "is not a regular file", remedy: remedy) }
        files.append(path)
        continue
      }
      let names = try FileSystem.list(path).filter { name in
        [".jpg", ".jpeg"].contains { name.lowercased().hasSuffix($0) }
      }
      guard !names.isEmpty else {
        throw InputError(file: path, "has no .jpg or .jpeg files", remedy: "give a folder with photographs")
      }
      files += names.map { FileSystem.join(path, $0) }
    }
    self.files = files
  }

  /// Captions of all photographs that can be decoded, in their order; the others are among the failures.
  ///
  /// - Throws: `InputError` where the weights are not those that the captioner's features came from.
  package func captions(
    _ captioner: TrainedCaptioner, weights path: String, maximumWords: Int, threads: Int, progress: any ProgressReporter
  ) throws -> CaptionResults {
    let options = try imageOptions(captioner)
    let weights = try FeatureWeights(path: path)
    var origin = captioner.origin
    origin.weights = weights.digest
    if let difference = origin.difference(from: captioner.origin) {
      throw InputError(
        file: path, "are not what \(captioner.path) was trained with: \(difference)",
        remedy: "give the weights its features were extracted with")
    }
    let network = try weights.network(.standard, height: options.size, width: options.size)
    try captioner.check(channels: network.channels, of: path)

    var results = CaptionResults()
    progress.begin("captions", total: files.count, done: 0, unit: "photographs")
    for begin in stride(from: 0, to: files.count, by: Self.chunk) {
      let range = begin..<min(files.count, begin + Self.chunk)
      let described = try features(range, network, options, threads: threads, progress: progress)
      let kept = range.filter { described[$0 - begin].failure == nil }
      let found = captioner.captions(
        Matrix(
          rows: kept.count, columns: network.channels, kept.flatMap { described[$0 - begin].features }),
        maximumWords: maximumWords, threads: threads)
      for (index, caption) in zip(kept, found) {
        results.images.append(
          CaptionedImage(id: imageID(ofFile: files[index]), name: files[index], caption: caption))
      }
      for index in range {
        if let reason = described[index - begin].failure { results.failures.append((files[index], reason)) }
      }
    }
    return results
  }

  /// Photographs in memory (as features) at once.
  private static let chunk = 512

  /// How the captioner's own photographs became squares.
  private func imageOptions(_ captioner: TrainedCaptioner) throws -> ImageOptions {
    let made = captioner.origin.photographs
    guard let size = made["size"]?.integer, size > 0, let fit = Fit(rawValue: made["fit"]?.string ?? ""),
      let resampling = Resampling(rawValue: made["resampling"]?.string ?? "")
    else {
      throw InputError(
        file: captioner.path, at: "__metadata__", "does not say how its photographs were made",
        remedy: "build features.h5 again and train on it, or give --features instead of photographs")
    }
    return ImageOptions(size: size, fit: fit, resampling: resampling)
  }
}
