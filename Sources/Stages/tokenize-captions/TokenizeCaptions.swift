import ArgumentParser
import COCO
import Caches
import DatasetArguments
import Diagnostics
import JSON
import Provenance
import StageSupport
import TokenCaching
import Tokenization
import Vocabularies

@main struct TokenizeCaptions: StageCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize-captions",
    abstract: "Turns captions into rows of tokens and a vocabulary.",
    discussion: """
      Captions are put in lower case, ASCII punctuation is removed, words are split at white space. The vocabulary is \
      <NULL> 0, <START> 1, <END> 2, <UNK> 3, then the most frequent words of the split 'train' (or the first one), ties in \
      code point order. A row is <START>, the words, <END>, then <NULL>. Rows stand in the order of the annotation files.

      EXAMPLE
        tokenize-captions --split train=captions_train2017.json \\
          --split val=captions_val2017.json --output cache/coco/captions.h5

      The trainer joins captions and features by their images' ids: give decode-images the same --split files and at least \
      the images that are chosen here. cache/README.md says what the file holds.
      """)

  @OptionGroup(title: "Dataset") var dataset: DatasetOptions
  @Option(
    help: ArgumentHelp("Entries of the vocabulary, the four special ones included (default: 864).", valueName: "N"))
  var vocabularySize: Int?
  @Option(
    help: ArgumentHelp(
      "Only words that occur at least N times; without --vocabulary-size all of those.", valueName: "N"))
  var minimumCount: Int?
  @Option(
    help: ArgumentHelp("A vocabulary that exists: a JSON list of words, or a word on each line.", valueName: "FILE"))
  var vocabulary: String?
  @Option(help: ArgumentHelp("Tokens of a row, <START> and <END> included.", valueName: "N"))
  var length = 17
  @Flag(help: "Images without a caption are no error.")
  var allowUncaptioned = false
  @Option(name: .shortAndLong, help: ArgumentHelp("The cache to make.", valueName: "FILE"))
  var output = "cache/captions.h5"
  @OptionGroup(title: "Common") var common: CommonOptions

  func validate() throws {
    guard length >= 3, length <= 4096 else { throw ValidationError("--length must be between 3 and 4096") }
    if let vocabularySize, vocabularySize < 5 {
      throw ValidationError("--vocabulary-size must be at least 5: four special entries and a word")
    }
    if let minimumCount, minimumCount < 1 { throw ValidationError("--minimum-count must be at least 1") }
    if vocabulary != nil, vocabularySize != nil || minimumCount != nil {
      throw ValidationError("--vocabulary says it all: leave --vocabulary-size and --minimum-count out")
    }
  }

  private var job: TokenCacheJob {
    get throws {
      TokenCacheJob(
        request: try dataset.request, output: output, length: length,
        vocabularySize: vocabularySize ?? (minimumCount == nil ? TokenCacheJob.usualVocabularySize : nil),
        minimumCount: minimumCount ?? 1, vocabularyPath: vocabulary, allowsUncaptioned: allowUncaptioned,
        restarts: common.force)
    }
  }

  func plan() throws -> StagePlan {
    let job = try job
    var inputs = job.request.stageInputs
    if let vocabulary { inputs.append(.file("vocabulary", vocabulary)) }
    return StagePlan(
      stage: "tokenize-captions", codeVersion: TokenCacheJob.codeVersion, configuration: job.configuration,
      inputs: inputs, outputs: [.cache(output, format: TokenCacheJob.format)],
      splits: job.request.splitNames)
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    let result = try job.run(threads: common.threadCount, progress: progress) { digests in
      plan.know(digests)
      try plan.confirmInputs()
    }
    if !result.unreachableWords.isEmpty {
      progress.note(
        "\(result.unreachableWords.count) words of \(vocabulary ?? "") occur in no caption because of capitals or "
          + "punctuation: \(result.unreachableWords.prefix(5).joined(separator: " "))")
    }
    var lines = result.statistics.flatMap(\.lines)
    if let split = result.vocabularySplit, split != "train" {
      lines.append("the vocabulary is made of split '\(split)': there is none called 'train'")
    }
    lines.append(
      "wrote \(output): \(result.captions) rows of \(length) tokens, \(result.images) images, "
        + "\(result.vocabulary.count) words")
    return StageOutcome(
      lines: lines,
      result: [
        "rows": .integer(result.captions), "length": .integer(length),
        "images": .integer(result.images), "vocabulary_size": .integer(result.vocabulary.count),
        "vocabulary_split": result.vocabularySplit.map { .string($0) } ?? .null,
        "splits": .array(result.statistics.map(\.json)),
        "unreachable_words": .array(result.unreachableWords.map { .string($0) }),
      ])
  }
}
