import Caches
package import Diagnostics
import Files
import HDF5
import JSON
import Kernels

/// Rows of a features cache, read in place.
package struct CachedSplit: Sendable {
  private let path: String
  private let identity: CacheIdentity
  private let features: MappedRows
  private let checksums: [UInt32]
  private let imageIDs: [Int64]
  /// Row numbers, in the cache's order.
  private let rows: [Int]

  package var count: Int { rows.count }
  /// Of the cache that is read.
  package let fingerprint: String

  /// - Parameter split: nil for all rows.
  package init(path: String, split: String?) throws {
    self.path = path
    let reader = try CacheReader(path: path, format: "captioneer.features")
    identity = reader.identity
    fingerprint = reader.fingerprint
    features = try reader.rows("pooled")
    checksums = try reader.checksums("pooled")
    imageIDs = try reader.int64("image_ids")
    guard features.shape.count == 2, imageIDs.count == features.rowCount else {
      throw InputError(
        file: path, at: "dataset pooled", "has the shape \(features.shape) for \(imageIDs.count) images",
        remedy: "rebuild it with extract-features")
    }
    guard let split else {
      rows = Array(imageIDs.indices)
      return
    }
    guard let number = reader.identity.splits.firstIndex(of: split) else {
      throw InputError(
        file: path, "has no split '\(split)', only \(reader.identity.splits.joined(separator: ", "))",
        remedy: "check --split")
    }
    let column = try reader.uint8("split")
    rows = column.indices.filter { Int(column[$0]) == number }
  }

  /// Captions of all rows, in the cache's order.
  ///
  /// - Throws: `InputError` where the captioner was trained on features of another origin.
  package func captions(
    _ captioner: Captioner, maximumWords: Int, threads: Int, progress: any ProgressReporter
  ) throws -> CaptionResults {
    if let difference = FeatureOrigin(identity).difference(from: captioner.origin) {
      throw InputError(
        file: path, "are not the features \(captioner.path) was trained on: \(difference)",
        remedy: "give the features it was trained on, or train on these")
    }
    try captioner.check(channels: features.shape[1], of: path)
    var results = CaptionResults()
    progress.begin("captions", total: count, done: 0, unit: "images")
    for begin in stride(from: 0, to: count, by: chunk) {
      if progress.isCancelled { throw Interrupted() }
      let range = begin..<min(count, begin + chunk)
      let found = captioner.captions(
        try values(range), maximumWords: maximumWords, threads: threads)
      for (index, caption) in zip(range, found) {
        let id = Int(imageIDs[rows[index]])
        results.images.append(CaptionedImage(id: id, name: "\(id)", caption: caption))
      }
      progress.advance(by: range.count)
    }
    return results
  }

  private var chunk: Int { 4096 }

  /// [range.count, channels]
  func values(_ range: Range<Int>) throws -> Matrix {
    let values = Matrix(rows: range.count, columns: features.shape[1])
    let features = self.features
    for (place, index) in range.enumerated() {
      let row = features.row(rows[index]).values(at: 0, count: features.rowByteCount, as: UInt8.self)
      try features.confirm(row.byteSpan, isRow: rows[index], checksums)
      let window = values.rows(place..<place + 1)
      var target = window.mutableSpan
      switch features.elementType {
      case .float16: FloatConversion.widenHalves(row.byteSpan, into: &target)
      case .float32: FloatConversion.copyFloats(row.byteSpan, into: &target)
      default:
        throw InputError(file: path, at: "dataset pooled", "holds no floating-point numbers")
      }
      guard window.values.allSatisfy(\.isFinite) else {
        throw InputError(
          file: path, at: "pooled row \(rows[index])", "holds a number that is not finite",
          remedy: "extract the features again, with --precision f32 or other weights")
      }
    }
    return values
  }
}
