import ArgumentParser
import COCO
import Caches
import DatasetArguments
import Diagnostics
import Files
import ImageCaching
package import Images
import JSON
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

  /// The photographs' place for a split: named for it, or given for all.
  private static func place(ofSplit split: String, _ images: [String]) throws -> String {
    let named = images.last { $0.hasPrefix("\(split)=") }.map { String($0.dropFirst(split.count + 1)) }
    let isForAll = { (path: String) in try FileSystem.status(of: path)?.isFolder == true || !path.contains("=") }
    guard let path = try named ?? images.last(where: isForAll) else {
      throw InputError("there is no --images for split '\(split)'", remedy: "give --images \(split)=FOLDER")
    }
    return path
  }

  private var imageOptions: ImageOptions { ImageOptions(size: size, fit: fit, resampling: resampling) }

  private func configuration(_ request: DatasetRequest) -> JSONValue {
    [
      "selection": request.selection.ofImages.json, "size": .integer(size), "fit": .string(fit.rawValue),
      "resampling": .string(resampling.rawValue),
    ]
  }

  private func photographsInput(_ request: DatasetRequest) -> PhotographsInput {
    let images = images
    return PhotographsInput(request, threads: common.threadCount) { try Self.place(ofSplit: $0, images) }
  }

  func plan() throws -> StagePlan {
    let request = try dataset.request
    let (output, allowed) = (output, maxFailures)
    let inputs = request.stageInputs + [try photographsInput(request).input()]
    // Counting means reading the annotations, which a run does anyway.
    let rows =
      common.dryRun ? try request.load(threads: common.threadCount).splits.reduce(0) { $0 + $1.imageCount } : nil
    return StagePlan(
      stage: "decode-images", codeVersion: ImageCacheJob.codeVersion, configuration: configuration(request),
      inputs: inputs, outputs: [.cache(output, format: ImageCacheJob.format)], splits: request.splitNames, rows: rows,
      bytes: rows.map { $0 * imageOptions.byteCount }, shortcoming: { try Self.shortcoming(of: output, allowed) })
  }

  /// A limit that was lowered since makes a complete cache incomplete; a raised one changes nothing.
  private static func shortcoming(of output: String, _ maxFailures: Int?) throws -> String? {
    let (photographs, skipped) = try ledgerCounts(ofImagesCache: output)
    let limit = limit(maxFailures, of: photographs)
    return skipped <= limit ? nil : "\(skipped) photographs are missing in it, \(limit) may be"
  }

  private static func limit(_ maxFailures: Int?, of photographs: Int) -> Int {
    maxFailures ?? (photographs + 99) / 100
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    let request = try dataset.request
    let chosen = try request.load(threads: common.threadCount)
    let photographs = try chosen.photographs()
    guard !photographs.isEmpty else { throw InputError("no image was chosen", remedy: "see --first and --sample") }
    let limit = Self.limit(maxFailures, of: photographs.count)
    let job = ImageCacheJob(
      splits: try chosen.splits.map { ($0.name, try PhotographSource(path: Self.place(ofSplit: $0.name, images))) },
      photographs: photographs, options: imageOptions, configuration: configuration(request),
      annotationDigests: chosen.digests.members?.map { ($0.key, $0.value.string ?? "") } ?? [],
      maximumFailures: limit, threads: common.threadCount, restarts: common.force)
    let summary = try job.run(path: output, progress: progress) {
      plan.know(chosen.digests)
      try plan.confirmInputs()
    }
    let content = try photographsInput(request).content(
      of: summary.ledger, photographs, splits: chosen.splits.map(\.name))
    plan.know(content, of: PhotographsInput.name)
    if summary.rows == 0, summary.skipped.allSatisfy({ $0.content == "-" }) {
      throw InputError(
        file: images.last ?? "",
        "has none of the \(photographs.count) photographs; the first is \(photographs[0].fileName)",
        remedy: "give --images the folder or the zip that holds them")
    }
    return outcome(summary, of: photographs.count, limit: limit, progress)
  }

  private func outcome(
    _ summary: ImageCacheJob.Summary, of count: Int, limit: Int, _ progress: any ProgressReporter
  ) -> StageOutcome {
    for entry in (summary.skipped.prefix(10) + summary.recovered.prefix(10)) {
      progress.note("\(entry.status.rawValue) \(entry.fileName) (image \(entry.imageID)): \(entry.reason)")
    }
    var lines = [
      "\(summary.rows) of \(count) photographs decoded, \(summary.recovered.count) of them recovered from corrupt data, "
        + "\(summary.skipped.count) skipped (at most \(limit) may be)"
    ]
    lines.append(
      summary.isPublished
        ? "made \(output)"
        : summary.rows == 0
          ? "made nothing: no photograph could be decoded"
          : "made nothing: mend the files, or run again with --max-failures \(summary.skipped.count)")
    return StageOutcome(
      lines: lines,
      result: [
        "published": .bool(summary.isPublished), "rows": .integer(summary.rows),
        "recovered": .integer(summary.recovered.count),
        "skipped": .array(
          summary.skipped.map {
            ["image_id": .integer(Int($0.imageID)), "file_name": .string($0.fileName), "reason": .string($0.reason)]
          }), "max_failures": .integer(limit), "resumed": .integer(summary.resumed),
      ], isComplete: summary.isPublished)
  }
}

extension Fit: ExpressibleByArgument {}
extension Resampling: ExpressibleByArgument {}
