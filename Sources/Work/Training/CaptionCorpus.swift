import Caches
import Diagnostics
import Files
import JSON
import Kernels
import Vocabularies

/// Captions and the features of their images, both read where they lie.
///
/// Captions whose image has no features (it could not be decoded) are left out and counted.
final class CaptionCorpus: Sendable {
  let captions: CacheReader
  let features: FeatureRows
  let vocabulary: [String]
  /// Tokens in a row of captions.h5.
  let width: Int
  let featureCount: Int
  let lengths: [Int32]  // [captions]
  let droppedCount: Int
  private let join: ImageJoin
  private let featureRows: [Int32]  // [captions], -1 where there is none
  private let tokens: MappedRows  // i32 [captions, width]
  private let tokenChecksums: [UInt32]
  private let splitOfCaption: [UInt8]

  /// - Throws: `InputError` where a cache is damaged, or the two don't belong together, naming what differs.
  init(captions captionsPath: String, features featuresPath: String) throws {
    captions = try CacheReader(path: captionsPath, format: "captioneer.captions")
    features = try FeatureRows(path: featuresPath)
    tokens = try captions.rows("tokens")
    tokenChecksums = try captions.checksums("tokens")
    lengths = try captions.int32("lengths")
    vocabulary = try captions.text("vocabulary")
    splitOfCaption = try captions.uint8("caption_split")
    let imageRows = try captions.int32("image_row")
    guard tokens.shape.count == 2, tokens.elementType == .int32 else {
      throw InputError(file: captionsPath, at: "tokens", "is no table of 32-bit tokens", remedy: "build it again")
    }
    (width, featureCount) = (tokens.shape[1], features.channels)
    guard lengths.count == tokens.rowCount, splitOfCaption.count == lengths.count, imageRows.count == lengths.count
    else {
      throw InputError(file: captionsPath, "its datasets have different lengths", remedy: "build it again")
    }
    guard vocabulary.starts(with: SpecialToken.words), vocabulary.count > SpecialToken.words.count else {
      throw InputError(
        file: captionsPath, at: "vocabulary",
        "has no words after \(SpecialToken.words.joined(separator: " "))", remedy: "build it again")
    }
    let join = try ImageJoin(captions: captions, features: features.cache)
    self.join = join
    let rows = join.featureRows
    var featureRows: [Int32] = []
    featureRows.reserveCapacity(imageRows.count)
    for (row, image) in imageRows.enumerated() {
      guard rows.indices.contains(Int(image)), lengths[row] >= 2, Int(lengths[row]) <= width else {
        throw InputError(
          file: captionsPath, at: "row \(row)", "its image or length is out of range", remedy: "build it again")
      }
      featureRows.append(rows[Int(image)])
    }
    self.featureRows = featureRows
    droppedCount = featureRows.count { $0 < 0 }
    try captions.verifyChecksums("tokens")
    try checkTokens()
  }

  /// A token outside the vocabulary would read beyond a table.
  private func checkTokens() throws {
    let tokens = self.tokens
    for row in 0..<tokens.rowCount {
      let bytes = tokens.row(row)
      for column in 0..<Int(lengths[row]) {
        let token = bytes.value(at: column * 4, as: Int32.self)
        if token < 0 || Int(token) >= vocabulary.count { throw outsideVocabulary(token, row) }
      }
    }
  }

  /// The captions of a split that have features, in the order of the file.
  ///
  /// - Throws: `InputError` where there is no such split, or most of its images have no features.
  func rows(ofSplit name: String) throws -> [Int] {
    guard let split = captions.identity.splits.firstIndex(of: name) else {
      throw InputError(
        file: captions.path, "has no split '\(name)', but \(captions.identity.splits.joined(separator: ", "))",
        remedy: "name one of those")
    }
    try join.checkCoverage(ofSplit: split, named: name)
    return lengths.indices.filter { Int(splitOfCaption[$0]) == split && featureRows[$0] >= 0 }
  }

  /// The tokens of one caption [width].
  ///
  /// - Throws: `InputError` where the copy does not match its checksum: the file may have been edited since it was checked.
  func tokens(ofRow row: Int) throws -> [Int32] {
    let tokens = self.tokens
    let copy = tokens.row(row).values(at: 0, count: width, as: Int32.self)
    try tokens.confirm(copy.byteSpan, isRow: row, tokenChecksums)
    // Beyond the vocabulary it would read beyond a table, whatever its checksum says.
    for token in copy where token < 0 || Int(token) >= vocabulary.count { throw outsideVocabulary(token, row) }
    return copy
  }

  private func outsideVocabulary(_ token: Int32, _ row: Int) -> InputError {
    InputError(
      file: captions.path, at: "tokens row \(row)", "token \(token) is not below \(vocabulary.count)",
      remedy: "build it again")
  }

  /// The features of a caption's image into `out` [1, features].
  ///
  /// - Throws: `InputError` where they don't match their checksum.
  func copyFeatures(_ row: Int, into out: Matrix) throws {
    try features.copy(Int(featureRows[row]), into: out)
  }

  /// - Throws: `InputError` where a feature of one of the captions' images is no finite number.
  func checkFeatures(_ rows: ArraySlice<Int>) throws {
    let values = Matrix(rows: 1, columns: featureCount)
    for row in rows {
      try copyFeatures(row, into: values)
      try features.confirmFinite(values, isRow: Int(featureRows[row]))
    }
  }

  /// What the checkpoint says about the features it needs.
  var featureOrigin: JSONValue { FeatureOrigin.record(of: features.cache) }
}
