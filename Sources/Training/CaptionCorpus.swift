import Caches
import Diagnostics
import Files
import JSON
import Kernels
import Tensors

/// Captions and the features of their images, both read where they lie.
///
/// Captions whose image has no features (it could not be decoded) are left out and counted.
final class CaptionCorpus: Sendable {
  let captions: CacheReader
  let features: CacheReader
  let vocabulary: [String]
  /// Tokens in a row of captions.h5.
  let width: Int
  let featureCount: Int
  let lengths: [Int32]  // [captions]
  let droppedCount: Int
  private let featureRows: [Int32]  // [captions], -1 where there is none
  private let tokens: MappedRows  // i32 [captions, width]
  private let pooled: MappedRows  // f32 or f16 [images, features]
  private let pooledChecksums: [UInt32]
  private let splitOfCaption: [UInt8]

  /// - Throws: `InputError` where a cache is damaged, or the two don't belong together, naming what differs.
  init(captions captionsPath: String, features featuresPath: String) throws {
    captions = try CacheReader(path: captionsPath, format: "captioneer.captions")
    features = try CacheReader(path: featuresPath, format: "captioneer.features")
    try Self.checkOrigin(captions, features)
    tokens = try captions.rows("tokens")
    pooled = try features.rows("pooled")
    pooledChecksums = try features.checksums("pooled")
    lengths = try captions.int32("lengths")
    vocabulary = try captions.text("vocabulary")
    splitOfCaption = try captions.uint8("caption_split")
    let imageRows = try captions.int32("image_row")
    guard tokens.shape.count == 2, tokens.elementType == .int32, pooled.shape.count == 2 else {
      throw InputError(file: captionsPath, at: "tokens", "is no table of 32-bit tokens", remedy: "build it again")
    }
    (width, featureCount) = (tokens.shape[1], pooled.shape[1])
    guard lengths.count == tokens.rowCount, splitOfCaption.count == lengths.count, imageRows.count == lengths.count
    else {
      throw InputError(file: captionsPath, "its datasets have different lengths", remedy: "build it again")
    }
    guard vocabulary.count > 4 else {
      throw InputError(file: captionsPath, at: "vocabulary", "has no words", remedy: "build it again")
    }
    let rows = try Self.joinImages(captions, features)
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
        if token < 0 || Int(token) >= vocabulary.count {
          throw InputError(
            file: captions.path, at: "tokens row \(row)", "token \(token) is not below \(vocabulary.count)",
            remedy: "build it again")
        }
      }
    }
  }

  /// The caches' own records: the same choice of images and the same annotations, as far as both name them.
  private static func checkOrigin(_ captions: CacheReader, _ features: CacheReader) throws {
    func refuse(_ what: String, _ mine: JSONValue?, _ theirs: JSONValue?) -> InputError {
      InputError(
        file: features.path,
        "does not belong to \(captions.path): \(what) is \(theirs?.canonical ?? "not set") here, \(mine?.canonical ?? "not set") there",
        remedy: "run tokenize-captions and extract-features on the same annotations and selection")
    }
    let (one, other) = (captions.identity, features.identity)
    if one.splits != other.splits {
      throw refuse("splits", .array(one.splits.map { .string($0) }), .array(other.splits.map { .string($0) }))
    }
    if let mine = one.configuration["selection"], let theirs = other.configuration["selection"],
      mine.canonical != theirs.canonical
    {
      for member in mine.members ?? [] where member.value.canonical != theirs[member.key]?.canonical {
        throw refuse("selection.\(member.key)", member.value, theirs[member.key])
      }
      throw refuse("selection", mine, theirs)
    }
    for input in one.inputs.members ?? [] {
      if let theirs = other.inputs[input.key], theirs.canonical != input.value.canonical {
        throw refuse(input.key, input.value, theirs)
      }
    }
  }

  /// The feature row of each image of the captions, -1 where it has none.
  private static func joinImages(_ captions: CacheReader, _ features: CacheReader) throws -> [Int32] {
    let captionImages = try captions.int64("image_ids")
    let captionSplits = try captions.uint8("split")
    let featureImages = try features.int64("image_ids")
    let featureSplits = try features.uint8("split")
    var rowOfImage: [Int64: Int] = [:]
    for (row, image) in featureImages.enumerated() { rowOfImage[image] = row }
    var joined: [Int32] = []
    var missing: Int64?
    var found = 0
    for (index, image) in captionImages.enumerated() {
      guard let row = rowOfImage[image] else {
        missing = missing ?? image
        joined.append(-1)
        continue
      }
      if featureSplits[row] != captionSplits[index] {
        throw InputError(
          file: features.path, at: "image \(image)",
          "does not belong to \(captions.path): the image is in split \(featureSplits[row]) here, \(captionSplits[index]) there",
          remedy: "run tokenize-captions and extract-features on the same annotations and selection")
      }
      found += 1
      joined.append(Int32(row))
    }
    // Undecodable photographs are few; when most are missing the files have little to do with each other.
    guard found > 0, found * 2 >= captionImages.count else {
      throw InputError(
        file: features.path,
        "does not belong to \(captions.path): only \(found) of its \(captionImages.count) images have features here (image_ids: no \(missing ?? 0))",
        remedy: "run tokenize-captions and extract-features on the same annotations and selection")
    }
    return joined
  }

  /// The captions of a split that have features, in the order of the file.
  ///
  /// - Throws: `InputError` where there is no such split.
  func rows(ofSplit name: String) throws -> [Int] {
    guard let split = captions.identity.splits.firstIndex(of: name) else {
      throw InputError(
        file: captions.path, "has no split '\(name)', but \(captions.identity.splits.joined(separator: ", "))",
        remedy: "name one of those")
    }
    return lengths.indices.filter { Int(splitOfCaption[$0]) == split && featureRows[$0] >= 0 }
  }

  /// The tokens of one caption into `out` [width].
  func copyTokens(_ row: Int, into out: inout MutableSpan<Int32>, at start: Int) {
    let tokens = self.tokens
    let bytes = tokens.row(row)
    for column in 0..<width { out[start + column] = bytes.value(at: column * 4, as: Int32.self) }
  }

  /// The features of a caption's image into `out` [1, features].
  ///
  /// - Throws: `InputError` where they don't match their checksum. Each read is checked: it costs a thousandth of a step.
  func copyFeatures(_ row: Int, into out: Matrix) throws {
    let pooled = self.pooled
    let image = Int(featureRows[row])
    try pooled.verify(image..<image + 1, pooledChecksums)
    let bytes = pooled.row(image)
    var values = out.mutableSpan
    if pooled.elementType == .float16 {
      RecurrentKernels.widenHalves(bytes, into: &values)
    } else {
      RecurrentKernels.copyFloats(bytes, into: &values)
    }
  }

  /// What the checkpoint says about the features it needs.
  var featureOrigin: JSONValue {
    [
      "fingerprint": .string(features.fingerprint), "configuration": features.identity.configuration,
      "inputs": features.identity.inputs,
    ]
  }
}
