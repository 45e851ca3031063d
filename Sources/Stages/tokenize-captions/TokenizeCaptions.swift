import ArgumentParser
import Caches
import DatasetArguments
import Diagnostics
import Provenance
import StageSupport
import TokenCaching

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

  private var options: TokenCacheOptions {
    get throws {
      TokenCacheOptions(
        request: try dataset.request, output: output, length: length,
        vocabularySize: vocabularySize ?? (minimumCount == nil ? TokenCacheOptions.usualVocabularySize : nil),
        minimumCount: minimumCount ?? 1, vocabularyPath: vocabulary, allowsUncaptioned: allowUncaptioned,
        restarts: common.force)
    }
  }

  func plan() throws -> StagePlan {
    let options = try options
    let words = vocabulary.map { StageInput.file("vocabulary", $0) }
    return StagePlan(
      stage: "tokenize-captions", codeVersion: TokenCacheJob.codeVersion, configuration: options.configuration,
      inputs: options.request.stageInputs + (words.map { [$0] } ?? []),
      outputs: [.cache(output, format: TokenCacheJob.format)], splits: options.request.splitNames)
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    let job = TokenCacheJob(try options)
    let summary = try job.run(threads: common.threadCount, progress: progress) { digests in
      plan.know(digests)
      try plan.confirmInputs()
    }
    if !summary.unreachableWords.isEmpty {
      progress.note(
        "\(summary.unreachableWords.count) words of \(vocabulary ?? "") occur in no caption because of capitals or "
          + "punctuation: \(summary.unreachableWords.prefix(5).joined(separator: " "))")
    }
    return StageOutcome(lines: summary.lines + ["wrote \(output): \(summary.line)"], result: summary.json)
  }
}
