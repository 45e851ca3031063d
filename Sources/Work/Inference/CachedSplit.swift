import Caches
package import Diagnostics
import JSON
import Kernels

/// Rows of a features cache, read in place.
package struct CachedSplit: Sendable {
  private let features: FeatureRows
  /// Row numbers, in the cache's order.
  private let rows: [Int]

  package var count: Int { rows.count }
  /// Of the cache that is read.
  package var fingerprint: String { features.cache.fingerprint }

  /// - Parameter split: nil for all rows.
  package init(path: String, split: String?) throws {
    features = try FeatureRows(path: path)
    guard let split else {
      rows = Array(0..<features.count)
      return
    }
    let splits = features.cache.identity.splits
    guard let number = splits.firstIndex(of: split) else {
      throw InputError(
        file: path, "has no split '\(split)', only \(splits.joined(separator: ", "))",
        remedy: "check --split")
    }
    let column = try features.cache.uint8("split")
    guard column.count == features.count else {
      throw InputError(
        file: path, at: "dataset split", "has \(column.count) entries for \(features.count) rows",
        remedy: "rebuild it with extract-features")
    }
    rows = column.indices.filter { Int(column[$0]) == number }
  }

  /// Captions of all rows, in the cache's order.
  ///
  /// - Throws: `InputError` where the captioner was trained on features of another origin.
  package func captions(
    _ captioner: TrainedCaptioner, maximumWords: Int, threads: Int, progress: any ProgressReporter
  ) throws -> CaptionResults {
    if let difference = FeatureOrigin(features.cache.identity).difference(from: captioner.origin) {
      throw InputError(
        file: features.path, "are not the features \(captioner.path) was trained on: \(difference)",
        remedy: "give the features it was trained on, or train on these")
    }
    try captioner.check(channels: features.channels, of: features.path)
    var results = CaptionResults()
    progress.begin("captions", total: count, done: 0, unit: "images")
    for begin in stride(from: 0, to: count, by: chunk) {
      if progress.isCancelled { throw Interrupted() }
      let range = begin..<min(count, begin + chunk)
      let found = captioner.captions(
        try values(range), maximumWords: maximumWords, threads: threads)
      for (index, caption) in zip(range, found) {
        let id = Int(features.imageIDs[rows[index]])
        results.images.append(CaptionedImage(id: id, name: "\(id)", caption: caption))
      }
      progress.advance(by: range.count)
    }
    return results
  }

  private var chunk: Int { 4096 }

  /// [range.count, channels]
  func values(_ range: Range<Int>) throws -> Matrix {
    let values = Matrix(rows: range.count, columns: features.channels)
    for (place, index) in range.enumerated() {
      let target = values.rows(place..<place + 1)
      try features.copy(rows[index], into: target)
      try features.confirmFinite(target, isRow: rows[index])
    }
    return values
  }
}
