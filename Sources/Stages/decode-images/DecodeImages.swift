import ArgumentParser
import Caches
import DatasetArguments
import Diagnostics
import ImageCaching
package import Images
import Provenance
import StageSupport

/// Captions files + photographs → images cache.
@main
struct DecodeImages: StageCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode-images",
    abstract: "Decodes the photographs of a captions file into one cache of small RGB images.",
    discussion: """
      Photographs lie in a folder (or in folders right below it, as COCO's train2017/ and val2017/), or in a zip as COCO \
      ships it, which is read in place. A stopped or killed run goes on where it was.

      Example:
        decode-images --split train=captions_train2017.json \\
          --split val=captions_val2017.json --images train=train2017.zip \\
          --images val=val2017 --output cache/coco/images.h5

      A photograph that is missing or can't be decoded is no row; the cache's ledger (a line for each) says why. With more of them than \
      --max-failures nothing is published and the exit code is 2; what was decoded is kept, so that the same command with \
      a higher limit, or with the files mended, only does the rest.
      """)

  @OptionGroup var dataset: DatasetOptions
  @Option(
    help: ArgumentHelp("Folder or zip of the photographs, for all splits or for one.", valueName: "[NAME=]PATH"))
  var images: [String]
  @Option(help: "The images cache to make.")
  var output: String
  @Option(help: "Side of the square images, in pixels.")
  var size = 112
  @Option(help: "How a photograph becomes a square: stretch, crop (its centre) or pad (black bars).")
  var fit = Fit.stretch
  @Option(help: "exact: the pixels of Pillow's full decode and bilinear resize. fast: libjpeg's scaled decoding first.")
  var resampling = Resampling.exact
  @Option(help: "How many photographs may be missing or undecodable (default: 1 in 100, rounded up).")
  var maxFailures: Int?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard 1...4096 ~= size else { throw ValidationError("--size must be 1 to 4096") }
    if let maxFailures, maxFailures < 0 { throw ValidationError("--max-failures must not be negative") }
  }

  private var options: ImageCacheOptions {
    get throws {
      var options = ImageCacheOptions(
        request: try dataset.request, places: images, output: output,
        image: ImageOptions(size: size, fit: fit, resampling: resampling))
      options.maximumFailures = maxFailures
      options.restarts = common.force
      return options
    }
  }

  func plan() throws -> StagePlan {
    let options = try options
    let photographs = try options.photographs(threads: common.threadCount).input()
    let rows = common.dryRun ? try options.photographCount(threads: common.threadCount) : nil
    return StagePlan(
      stage: "decode-images", codeVersion: ImageCacheJob.codeVersion, configuration: options.configuration,
      inputs: options.request.stageInputs + [photographs], outputs: [.cache(output, format: ImageCacheJob.format)],
      splits: options.request.splitNames, rows: rows, bytes: rows.map(options.byteCount),
      shortcoming: options.shortcoming)
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    let options = try options
    let job = try ImageCacheJob(options, threads: common.threadCount)
    let summary = try job.run(path: output, progress: progress) {
      plan.know(job.digests)
      try plan.confirmInputs()
    }
    plan.know(
      try options.photographs(threads: common.threadCount).content(of: summary.ledger, job), of: PhotographsInput.name)
    try job.refuse(summary, withoutFilesIn: images)
    for complaint in summary.complaints { progress.note(complaint) }
    let made =
      summary.isPublished
      ? "made \(output)"
      : summary.rows == 0
        ? "made nothing: no photograph could be decoded"
        : "made nothing: mend the files, or run again with --max-failures \(summary.skipped.count)"
    return StageOutcome(lines: [summary.line, made], result: summary.json, isComplete: summary.isPublished)
  }
}

extension Fit: ExpressibleByArgument {}
extension Resampling: ExpressibleByArgument {}
