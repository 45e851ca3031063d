import ArgumentParser
import Caches
import Diagnostics
import Files
import Inference
import Provenance
import StageSupport

/// A checkpoint + photographs, or the rows of a features cache → captions.
@main struct CaptionImages: StageCommand {
  static let configuration = CommandConfiguration(
    commandName: "caption-images",
    abstract: "Writes captions for photographs, or for the rows of a features cache.",
    discussion: """
      The captioner says at each step the likeliest next word, until it ends the caption; where that is a word outside its \
      vocabulary the caption says <UNK>. Captions go to standard output, \
      one line each: file, tab, caption; with --results they go to a file in the form of COCO's results instead, where \
      a photograph's id is the number that ends its name, or its name where there is none. Photographs need the MobileNetV2 weights that the captioner's \
      features were extracted with.

      EXAMPLES
        caption-images --checkpoint cache/coco/captioner \\
          --weights mobilenet_v2.pth holiday.jpg
        caption-images --checkpoint captioner.safetensors \\
          --features cache/coco/features.h5 --split val --results results.json

      Exit codes: 0 every photograph has its caption, 1 failed, 2 some photographs can't be decoded, 64 wrong options, \
      129, 130 and 143 stopped by HUP, INT and TERM.
      """)

  @Argument(help: "JPEG files, or folders of them.")
  var photographs: [String] = []
  @Option(help: "The checkpoint that train-captioner made, or the folder that holds its captioner.safetensors.")
  var checkpoint: String
  @Option(help: "MobileNetV2 weights for photographs: .safetensors or .pth (default: looked for in cache/weights).")
  var weights: String?
  @Option(help: "A features cache, instead of photographs.")
  var features: String?
  @Option(help: "The split of the cache to caption (default: all of it).")
  var split: String?
  @Option(help: "At most this many words in a caption.")
  var maximumWords = 15
  @Option(help: "Write COCO's results JSON to this file; - is standard output.")
  var results: String?
  @Option(help: "With --features: write the scores of the first 64 captions' words to this safetensors file.")
  var logits: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if (features == nil) == photographs.isEmpty {
      throw ValidationError("give photographs, or a cache with --features")
    }
    if features == nil && (split != nil || logits != nil) {
      throw ValidationError("--split and --logits belong to --features")
    }
    if features != nil && weights != nil {
      throw ValidationError("--weights belongs to photographs, not to --features")
    }
    if results == "-" && common.json { throw ValidationError("--json and --results - both want standard output") }
    if logits == "-" { throw ValidationError("--logits must be a file") }
    if !(1...1000 ~= maximumWords) { throw ValidationError("--maximum-words must be 1 to 1000") }
  }

  private var resultsFile: String? { results == "-" ? nil : results }

  private var options: CaptioningOptions {
    CaptioningOptions(
      features.map { .features($0, split: split) } ?? .photographs(photographs, weights: weights),
      checkpoint: checkpoint, maximumWords: maximumWords, logits: logits)
  }

  func plan() throws -> StagePlan {
    var inputs = [StageInput.file("checkpoint", try options.checkpointFile)]
    switch options.subjects {
    case .features(let path, _): inputs.append(.cache("features", path, format: "captioneer.features"))
    case .photographs(let paths, let weights):
      inputs.append(.file("weights", try CaptioningOptions.weightsFile(weights)))
      inputs.append(.files("photographs", paths) { try LoosePhotographs(paths).files })
    }
    return StagePlan(
      stage: "caption-images", codeVersion: CaptioningJob.codeVersion, configuration: options.configuration,
      inputs: inputs, outputs: [resultsFile, logits].compactMap(\.self).map { StageOutput($0) },
      rows: try options.rowCount)
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    // Locked at once: who waits for the captions must not learn at the end that another process makes the same file.
    let output = try resultsFile.map { try OutputFile(path: $0) }
    let found = try CaptioningJob(options).run(threads: common.threadCount, progress: progress) { digests in
      plan.know(digests)
      try plan.confirmInputs()
    }
    for failure in found.failures { printError("caption-images: \(failure.file): \(failure.reason)") }
    var lines = results == nil ? found.lines : [String(found.json.dropLast())]
    if let output {
      try output.write(found.json)
      try output.publish()
      lines = ["\(found.images.count) captions", "made \(output.path)"]
    }
    return StageOutcome(lines: lines, result: found.summary, isComplete: found.failures.isEmpty)
  }
}
