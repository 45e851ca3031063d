package import COCO
import Caches
package import Diagnostics
import Digests
import Files
package import JSON
import Synchronization
package import Tokenization
package import Vocabularies
import Workers

/// Makes `captions.h5`: counts words, settles the vocabulary, writes a row for each caption in the order of the annotation files.
package struct TokenCacheJob: Sendable {
  package static let format = "captioneer.captions"
  /// Raised whenever the same captions and options would give other bytes. 2: the images' file names and sizes, by which features
  /// know them.
  package static let codeVersion = 2
  /// Entries in all where the user says neither a size nor a minimum count.
  package static let usualVocabularySize = 864

  package var request: DatasetRequest
  package var output: String
  /// Of a row, `<START>` and `<END>` included.
  package var length: Int
  /// Entries in all; nil takes every word that is frequent enough.
  package var vocabularySize: Int?
  package var minimumCount: Int
  /// A file of words instead of the training split's most frequent ones.
  package var vocabularyPath: String?
  package var allowsUncaptioned: Bool
  /// Throws away what an interrupted run left.
  package var restarts: Bool

  package init(
    request: DatasetRequest, output: String, length: Int = 17, vocabularySize: Int? = usualVocabularySize,
    minimumCount: Int = 1, vocabularyPath: String? = nil, allowsUncaptioned: Bool = false,
    restarts: Bool = false
  ) {
    self.request = request
    self.output = output
    self.length = length
    self.vocabularySize = vocabularySize
    self.minimumCount = minimumCount
    self.vocabularyPath = vocabularyPath
    self.allowsUncaptioned = allowsUncaptioned
    self.restarts = restarts
  }

  /// Everything chosen that changes the file.
  package var configuration: JSONValue {
    var members: [JSONValue.Member] = [
      .init("selection", request.selection.json), .init("length", .integer(length)),
      .init("allow_uncaptioned", .bool(allowsUncaptioned)),
    ]
    if vocabularyPath != nil {
      members.append(.init("vocabulary", "file"))
    } else {
      members.append(.init("vocabulary", "training split"))
      members.append(.init("vocabulary_size", vocabularySize.map { .integer($0) } ?? "all"))
      members.append(.init("minimum_count", .integer(minimumCount)))
    }
    return .object(members)
  }

  /// What a finished file holds.
  package struct Result: Sendable {
    package var statistics: [CaptionStatistics]
    package var vocabulary: Vocabulary
    /// The split that it was made of; nil where it came from a file.
    package var vocabularySplit: String?
    /// Words of a vocabulary file that no caption can give.
    package var unreachableWords: [String]
    package var captions: Int
    package var images: Int
  }

  /// - Throws: `InputError` for what is wrong with the files; `Interrupted`.
  ///
  /// - Parameter confirm: called with the digests of what was read, before anything is published.
  package func run(
    threads: Int, progress: any ProgressReporter, confirm: (JSONValue) throws -> Void = { _ in }
  ) throws -> Result {
    let dataset = try request.load(threads: threads)
    try check(dataset)
    let captionCount = dataset.splits.reduce(0) { $0 + $1.captionCount }
    progress.begin("counting words", total: captionCount, done: 0, unit: "captions")
    let counts = try dataset.splits.map {
      try WordCounts($0, wordsPerRow: length - 2, threads: threads, progress: progress)
    }
    let training = Self.trainingSplit(of: dataset)
    var inputs = dataset.digests.members ?? []
    let vocabulary: Vocabulary
    if let vocabularyPath {
      let file = try MappedFile(path: vocabularyPath)
      vocabulary = try Vocabulary(file)
      let digest = sha256(file.bytes)
      inputs.append(.init("vocabulary", .string(digest)))
    } else {
      vocabulary = Vocabulary(counts[training], size: vocabularySize, minimumCount: minimumCount)
    }
    let encoder = CaptionEncoder(vocabulary, length: length)
    let identity = CacheIdentity(
      format: Self.format, formatVersion: 1, stage: "tokenize-captions", codeVersion: Self.codeVersion,
      configuration: configuration, inputs: .object(inputs), splits: dataset.splits.map(\.name))
    try write(dataset, encoder, vocabulary, vocabulary.counts(in: counts[training]), identity, threads, progress) {
      try confirm(.object(inputs))
    }
    return Result(
      statistics: zip(dataset.splits, counts).map {
        CaptionStatistics(split: $0.name, images: $0.imageCount, $1, encoder)
      },
      vocabulary: vocabulary, vocabularySplit: vocabularyPath == nil ? dataset.splits[training].name : nil,
      unreachableWords: vocabularyPath == nil ? [] : vocabulary.unreachableWords,
      captions: captionCount, images: dataset.splits.reduce(0) { $0 + $1.imageCount })
  }

  /// The split that the vocabulary is made of: `train`, or the first one.
  private static func trainingSplit(of dataset: Dataset) -> Int {
    dataset.splits.firstIndex { $0.name == "train" } ?? 0
  }

  private func check(_ dataset: Dataset) throws {
    for split in dataset.splits {
      guard split.imageCount > 0 else {
        throw InputError(file: split.annotations.path, "split '\(split.name)' has no images")
      }
      guard !allowsUncaptioned, let first = split.uncaptionedImages.first else { continue }
      let count = split.uncaptionedImages.count
      throw InputError(
        file: split.annotations.path, at: "image \(first)",
        "id \(split.annotations.imageID(first)) has no caption" + (count > 1 ? ", nor have \(count - 1) others" : ""),
        remedy: "add captions, or give --allow-uncaptioned")
    }
    guard dataset.splits.contains(where: { $0.captionCount > 0 }) else {
      throw InputError(file: dataset.splits[0].annotations.path, "has no captions")
    }
  }
}
