import Caches
import Diagnostics
import Files

/// Which row of a features cache belongs to each image of a captions cache.
///
/// Images are joined by their ids. Ids of two data sets overlap by chance, so both caches also say what their annotation files call an
/// image and how large it is: where that, or the split, differs, the caches don't belong together. How the captions were chosen, from
/// which version of the file, and which other images have features, doesn't matter.
struct ImageJoin: Sendable {
  /// Of each image of the captions cache; -1 where it has none.
  let featureRows: [Int32]
  private let captions: Side
  private let featuresPath: String

  /// One cache's images.
  private struct Side: Sendable {
    let path: String
    let ids: [Int64]
    let splits: [UInt8]
    let splitNames: [String]
    let files: [String]
    let sizes: [Int32]

    init(_ cache: CacheReader, madeBy stage: String) throws {
      path = cache.path
      guard try cache.has("image_files"), try cache.has("image_sizes") else {
        throw InputError(
          file: path, "was made by an older \(stage): it does not name its images", remedy: "run \(stage) again")
      }
      (ids, splits, splitNames) = (try cache.int64("image_ids"), try cache.uint8("split"), cache.identity.splits)
      (files, sizes) = (try cache.text("image_files"), try cache.int32("image_sizes"))
      guard splits.count == ids.count, files.count == ids.count, sizes.count == 2 * ids.count,
        splits.allSatisfy({ [count = splitNames.count] in Int($0) < count })
      else { throw InputError(file: path, "its datasets contradict each other", remedy: "run \(stage) again") }
    }

    func split(_ image: Int) -> String { splitNames[Int(splits[image])] }
    func size(_ image: Int) -> (width: Int32, height: Int32) { (sizes[2 * image], sizes[2 * image + 1]) }

    /// The photograph's own name: without folders, and without the set's name, which COCO put before it until 2014.
    func photograph(_ image: Int) -> Substring {
      let name = FileSystem.name(of: files[image])
      guard name.hasPrefix("COCO_"), let end = name.lastIndex(of: "_") else { return name[...] }
      return name[name.index(after: end)...]
    }
  }

  init(captions captionsCache: CacheReader, features featuresCache: CacheReader) throws {
    let captions = try Side(captionsCache, madeBy: "tokenize-captions")
    let features = try Side(featuresCache, madeBy: "extract-features")
    var rowOfImage: [Int64: Int] = [:]
    rowOfImage.reserveCapacity(features.ids.count)
    for (row, image) in features.ids.enumerated() {
      guard rowOfImage.updateValue(row, forKey: image) == nil else {
        throw InputError(
          file: features.path, at: "image_ids row \(row)", "image \(image) is there twice", remedy: "build it again")
      }
    }
    featureRows = try captions.ids.indices.map { index in
      guard let row = rowOfImage[captions.ids[index]] else { return -1 }
      if let difference = Self.difference(captions, index, features, row) {
        throw InputError(
          file: features.path,
          "does not belong to \(captions.path): image \(captions.ids[index]) is \(difference.features) here, \(difference.captions) there",
          remedy: difference.remedy)
      }
      return Int32(row)
    }
    self.captions = captions
    featuresPath = features.path
  }

  private static func difference(
    _ captions: Side, _ index: Int, _ features: Side, _ row: Int
  ) -> (captions: String, features: String, remedy: String)? {
    let remedy =
      "run decode-images and extract-features on the images of these captions, or tokenize-captions on those of the features"
    if captions.photograph(index) != features.photograph(row) {
      return (captions.files[index], features.files[row], remedy)
    }
    let (one, other) = (captions.size(index), features.size(row))
    if one.width > 0, other.width > 0, one != other {
      return (
        "\(captions.files[index]) of \(one.width)×\(one.height)",
        "\(features.files[row]) of \(other.width)×\(other.height)",
        remedy
      )
    }
    if captions.split(index) != features.split(row) {
      return (
        "in split \(captions.split(index))", "in split \(features.split(row))",
        "run tokenize-captions, or decode-images and extract-features, with the same --split files"
      )
    }
    return nil
  }

  /// Photographs that can't be decoded are few: where most of a split's images have no features, something was left out.
  ///
  /// - Throws: `InputError` with the count.
  func checkCoverage(ofSplit split: Int, named name: String) throws {
    let images = featureRows.indices.filter { Int(captions.splits[$0]) == split }
    let found = images.count { featureRows[$0] >= 0 }
    guard let missing = images.first(where: { featureRows[$0] < 0 }), found * 2 < images.count else { return }
    throw InputError(
      file: featuresPath,
      "only \(found) of the \(images.count) images of split '\(name)' in \(captions.path) have features: image \(captions.ids[missing]) has none",
      remedy: "run decode-images and extract-features on the images of these captions")
  }
}
