import ArgumentParser
import Caches
import Diagnostics
package import FeatureCaching
import FeatureNetworks
import Provenance
import StageSupport

/// Images cache + MobileNetV2's weights → features cache.
@main
struct ExtractFeatures: StageCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract-features",
    abstract: "Computes MobileNetV2 features of every photograph in an images cache.",
    discussion: """
      The network is torchvision's mobilenet_v2 without its classifier. Weights are taken from --weights, else from the \
      weights folder, else downloaded from torchvision once and checked. A stopped run goes on where it was.

      Example:
        extract-features --images-cache cache/coco/images.h5 --grid \\
          --output cache/coco/features.h5
      """)

  @Option(help: "The images cache that decode-images made.")
  var imagesCache: String
  @Option(help: "Weights: .safetensors or .pth of torchvision's mobilenet_v2 (default: looked for, then downloaded).")
  var weights: String?
  @Option(help: "Where weights are looked for and downloaded to.")
  var weightsFolder = "cache/weights"
  @Option(help: "The features cache to make.")
  var output: String
  @Flag(help: "Keep the map [1280, 4, 4] beside its mean.")
  var grid = false
  @Option(help: "Numbers in the cache: f32 or f16.")
  var precision = FeatureCacheOptions.Precision.f32
  @Option(help: "Where in the network features are taken; only 'features', the last map, exists.")
  var tap = "features"
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if tap != "features" { throw ValidationError("--tap must be 'features'") }
  }

  private func options(weights: String) -> FeatureCacheOptions {
    var options = FeatureCacheOptions(
      imagesCache: imagesCache, weights: weights, output: output, includesGrid: grid, precision: precision)
    options.restarts = common.force
    return options
  }

  func plan() throws -> StagePlan {
    let photographs = try FeatureCacheJob.photographs(ofImagesCache: imagesCache)
    let published = FeatureNetworkKind.standard.weights
    var path = try published.find(path: weights, folder: weightsFolder)
    if path == nil && !common.dryRun { path = try published.download(into: weightsFolder, isQuiet: common.quiet) }
    var inputs = [StageInput.cache("images", imagesCache, format: "captioneer.images")]
    if let path { inputs.append(.file("weights", path) { try FeatureWeights(path: $0).digest }) }
    let chosen = options(weights: path ?? published.url)
    return StagePlan(
      stage: "extract-features", codeVersion: FeatureCacheJob.codeVersion, configuration: chosen.configuration,
      inputs: inputs, outputs: [.cache(output, format: FeatureCacheJob.format)], rows: photographs[0],
      bytes: chosen.byteCount(photographs: photographs))
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    let path = plan.inputs.first { $0.name == "weights" }?.path ?? ""
    let job = FeatureCacheJob(options(weights: path))
    let summary = try job.run(threads: common.threadCount, progress: progress) { digests in
      plan.know(digests)
      try plan.confirmInputs()
    }
    return StageOutcome(lines: [summary.line, "made \(output)"], result: summary.json)
  }
}

extension FeatureCacheOptions.Precision: ExpressibleByArgument {}
