import Diagnostics
package import JSON
import Workers

/// Where a dataset's annotations lie, and what of them is taken: the same value gives `decode-images` and `tokenize-captions` the same
/// images in the same order.
package struct DatasetRequest: Sendable {
  package enum Source: Sendable {
    /// COCO's format, a file for each split, in the order of the splits.
    case coco([(split: String, path: String)])
    /// Karpathy's `dataset_coco.json`.
    case karpathy(path: String)
  }

  package var source: Source
  package var selection: Selection

  package init(_ source: Source, selection: Selection = Selection()) {
    self.source = source
    self.selection = selection
  }

  /// The files to read, named as `inputs` of the caches name them.
  package var inputs: [(name: String, path: String)] {
    switch source {
    case .coco(let splits): splits.map { ("annotations_\($0.split)", $0.path) }
    case .karpathy(let path): [("annotations", path)]
    }
  }

  /// Reads the annotations and chooses the images.
  ///
  /// - Throws: `InputError` as `AnnotationFile`, and for an image that is in two splits.
  package func load(threads: Int) throws -> Dataset {
    let files: [(name: String, annotations: AnnotationFile)]
    switch source {
    case .coco(let splits):
      files = try splits.map { ($0.split, try AnnotationFile(path: $0.path, threads: threads)) }
    case .karpathy(let path): files = try KarpathyFile.read(path: path, threads: threads)
    }
    for (split, _) in selection.bySplit where !files.contains(where: { $0.name == split }) {
      throw InputError("--first \(split)=…: there is no split '\(split)'")
    }
    let splits = files.map { name, annotations in
      DatasetSplit(
        name: name, annotations: annotations,
        imageIndices: selection.positions(ofSplit: name, count: annotations.imageCount),
        captionsPerImage: selection.captionsPerImage)
    }
    try Self.refuseSharedImages(splits)
    let digests = files.map { JSONValue.Member("annotations_\($0.name)", .string($0.annotations.sha256)) }
    return Dataset(splits: splits, digests: .object(digests), selection: selection)
  }

  private static func refuseSharedImages(_ splits: [DatasetSplit]) throws {
    guard splits.count > 1 else { return }
    let owners = splits.indices.flatMap { split in splits[split].imageIndices.map { (split, $0) } }
    func id(_ position: Int) -> Int64 { splits[owners[position].0].annotations.imageID(owners[position].1) }
    var index = IdentifierIndex(capacity: owners.count)
    for position in owners.indices {
      if let first = index.insert(id(position), at: position, idAt: id) {
        let split = splits[owners[position].0]
        throw InputError(
          file: split.annotations.path, at: "image \(owners[position].1)",
          "id \(id(position)) is in split '\(split.name)' and in split '\(splits[owners[first].0].name)'",
          remedy: "splits must not share images")
      }
    }
  }
}

/// The chosen images and captions of every split.
package struct Dataset: Sendable {
  package let splits: [DatasetSplit]
  /// `annotations_<split>` → SHA-256, for a cache's `inputs`.
  package let digests: JSONValue
  package let selection: Selection
}

/// The chosen images and captions of a split.
package struct DatasetSplit: Sendable {
  package let name: String
  package let annotations: AnnotationFile
  /// Positions in `annotations`, rising: the order of rows.
  package let imageIndices: [Int]
  /// Positions of the chosen captions in `annotations`, rising.
  package let captionIndices: [Int32]
  /// Chosen images (positions in `annotations`) that no caption belongs to.
  package let uncaptionedImages: [Int]

  init(name: String, annotations: AnnotationFile, imageIndices: [Int], captionsPerImage: Int?) {
    self.name = name
    self.annotations = annotations
    self.imageIndices = imageIndices
    // -1: not chosen; otherwise how many captions were met.
    var met = [Int32](repeating: -1, count: annotations.imageCount)
    for index in imageIndices { met[index] = 0 }
    let limit = Int32(clamping: captionsPerImage ?? Int.max)
    var chosen: [Int32] = []
    chosen.reserveCapacity(annotations.captionCount)
    for index in 0..<annotations.captionCount {
      let image = Int(annotations.captionEntries[index].image)
      guard met[image] >= 0, met[image] < limit else { continue }
      met[image] += 1
      chosen.append(Int32(index))
    }
    captionIndices = chosen
    uncaptionedImages = imageIndices.filter { met[$0] == 0 }
  }

  package var imageCount: Int { imageIndices.count }
  package var captionCount: Int { captionIndices.count }

  /// The chosen images in row order.
  package func images() throws -> [ImageRecord] { try imageIndices.map { try annotations.image($0) } }
  /// The chosen images' ids in row order.
  package var imageIDs: [Int64] { imageIndices.map { annotations.imageID($0) } }
}
