import COCO
import Caches
package import Diagnostics
import Digests
import Files
package import JSON
import Synchronization
import Tokenization
import Vocabularies
import Workers

/// Makes `captions.h5`: counts words, settles the vocabulary, writes a row for each caption in the order of the annotation files.
package struct TokenCacheJob: Sendable {
  package static let format = "captioneer.captions"
  /// Raised whenever the same captions and options would give other bytes. 2: the images' file names and sizes, by which features
  /// know them.
  package static let codeVersion = 2
  package var options: TokenCacheOptions

  package init(_ options: TokenCacheOptions) { self.options = options }

  /// - Throws: `InputError` for what is wrong with the files; `Interrupted`.
  ///
  /// - Parameter confirm: called with the digests of what was read, before anything is published.
  package func run(
    threads: Int, progress: any ProgressReporter, confirm: (JSONValue) throws -> Void = { _ in }
  ) throws -> Summary {
    let dataset = try options.request.load(threads: threads)
    try check(dataset)
    let captionCount = dataset.splits.reduce(0) { $0 + $1.captionCount }
    progress.begin("counting words", total: captionCount, done: 0, unit: "captions")
    let counts = try dataset.splits.map {
      try WordCounts($0, wordsPerRow: options.length - 2, threads: threads, progress: progress)
    }
    let training = Self.trainingSplit(of: dataset)
    var inputs = dataset.digests.members ?? []
    let vocabulary: Vocabulary
    if let path = options.vocabularyPath {
      let file = try MappedFile(path: path)
      vocabulary = try Vocabulary(file)
      let digest = sha256(file.bytes)
      inputs.append(.init("vocabulary", .string(digest)))
    } else {
      vocabulary = Vocabulary(counts[training], size: options.vocabularySize, minimumCount: options.minimumCount)
    }
    let encoder = CaptionEncoder(vocabulary, length: options.length)
    let identity = CacheIdentity(
      format: Self.format, formatVersion: 1, stage: "tokenize-captions", codeVersion: Self.codeVersion,
      configuration: options.configuration, inputs: .object(inputs), splits: dataset.splits.map(\.name))
    try write(dataset, encoder, vocabulary, vocabulary.counts(in: counts[training]), identity, threads, progress) {
      try confirm(.object(inputs))
    }
    return Summary(
      statistics: zip(dataset.splits, counts).map {
        CaptionStatistics(split: $0.name, images: $0.imageCount, $1, encoder)
      },
      vocabulary: vocabulary, vocabularySplit: options.vocabularyPath == nil ? dataset.splits[training].name : nil,
      unreachableWords: options.vocabularyPath == nil ? [] : vocabulary.unreachableWords,
      captions: captionCount, images: dataset.splits.reduce(0) { $0 + $1.imageCount }, length: options.length)
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
      guard !options.allowsUncaptioned, let first = split.uncaptionedImages.first else { continue }
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
