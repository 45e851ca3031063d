public import ArgumentParser
import COCO
import Diagnostics
import Files
import Freshness
import ImageCaching
public import Images
import JSON
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
        decode-images --split train=captions_train2017.json --split val=captions_val2017.json \\
          --images train=train2017.zip --images val=val2017 --output cache/coco/images.h5

      A photograph that is missing or can't be decoded is no row; the cache's ledger says why. With more of them than \
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
  private func place(ofSplit split: String) throws -> String {
    let named = images.last { $0.hasPrefix("\(split)=") }.map { String($0.dropFirst(split.count + 1)) }
    guard let path = named ?? images.last(where: { FileSystem.isFolder($0) || !$0.contains("=") }) else {
      throw InputError("there is no --images for split '\(split)'", remedy: "give --images \(split)=FOLDER")
    }
    return path
  }

  private func splitNames(_ request: DatasetRequest) -> [String] {
    switch request.source {
    case .coco(let splits): splits.map(\.split)
    case .karpathy: ["train", "val", "test"]
    }
  }

  /// The folders (and those right below them) and archives, each once.
  private func photographInputs(_ splits: [String]) throws -> [StagePlan.Input] {
    var inputs: [StagePlan.Input] = []
    for split in splits {
      let path = try place(ofSplit: split)
      guard !inputs.contains(where: { $0.path == path }) else { continue }
      let name = inputs.isEmpty ? "photographs" : "photographs_\(split)"
      guard FileSystem.isFolder(path) else {
        inputs.append(.init(name, path, .archive))
        continue
      }
      inputs.append(.init(name, path, .folder))
      for child in try FileSystem.list(path) where FileSystem.isFolder(FileSystem.join(path, child)) {
        inputs.append(.init("\(name)/\(child)", FileSystem.join(path, child), .folder))
      }
    }
    return inputs
  }

  private var imageOptions: ImageOptions { ImageOptions(size: size, fit: fit, resampling: resampling) }

  private func configuration(_ request: DatasetRequest) -> JSONValue {
    [
      "selection": request.selection.json, "size": .integer(size), "fit": .string(fit.rawValue),
      "resampling": .string(resampling.rawValue),
    ]
  }

  func plan() throws -> StagePlan {
    let request = try dataset.request
    var inputs = request.inputs.map { StagePlan.Input($0.name, $0.path) }
    inputs += try photographInputs(splitNames(request))
    // Counting means reading the annotations, which a run does anyway.
    let rows =
      common.dryRun ? try request.load(threads: common.threadCount).splits.reduce(0) { $0 + $1.imageCount } : nil
    var planned = configuration(request)
    if case .object(let members) = planned {
      // Raising the limit after an incomplete run must not look like nothing to do; the cache itself doesn't depend on it.
      planned = .object(members + [.init("max_failures", maxFailures.map { .integer($0) } ?? "1 in 100")])
    }
    return StagePlan(
      stage: "decode-images", codeVersion: ImageCacheJob.codeVersion, configuration: planned, inputs: inputs,
      outputs: [output], rows: rows, bytes: rows.map { $0 * imageOptions.byteCount })
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    let request = try dataset.request
    let chosen = try request.load(threads: common.threadCount)
    let photographs = try chosen.splits.enumerated().flatMap { number, split in
      try split.images().map { Photograph(imageID: $0.id, fileName: $0.fileName, split: UInt8(number)) }
    }
    guard !photographs.isEmpty else { throw InputError("no image was chosen", remedy: "see --first and --sample") }
    let limit = maxFailures ?? (photographs.count + 99) / 100
    let job = ImageCacheJob(
      splits: try chosen.splits.map { ($0.name, try PhotographSource(path: place(ofSplit: $0.name))) },
      photographs: photographs, options: imageOptions, configuration: configuration(request),
      annotationDigests: chosen.digests.members?.map { ($0.key, $0.value.string ?? "") } ?? [],
      maximumFailures: limit, threads: common.threadCount)
    return outcome(try job.run(path: output, progress: progress), of: photographs.count, limit: limit, progress)
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
      json: [
        "stage": "decode-images", "output": .string(output), "published": .bool(summary.isPublished),
        "rows": .integer(summary.rows), "recovered": .integer(summary.recovered.count),
        "skipped": .array(
          summary.skipped.map {
            ["image_id": .integer(Int($0.imageID)), "file_name": .string($0.fileName), "reason": .string($0.reason)]
          }), "max_failures": .integer(limit), "resumed": .integer(summary.resumed),
      ], isComplete: summary.isPublished)
  }
}

extension Fit: ExpressibleByArgument {}
extension Resampling: ExpressibleByArgument {}
