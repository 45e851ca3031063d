// swift-tools-version: 6.3
import PackageDescription

/// Warnings are errors, `any` is spelled out, imports are private unless said otherwise.
let safe: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// C is optimised in debug builds too: the kernels are what the tests wait for.
/// What is fused stands in the source: the compiler's choice would be another on every CPU.
let optimised: [CSetting] = [
  .unsafeFlags(["-O3", "-fno-math-errno", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"])
]

/// The floors of the house, from the ground up: docs/architecture.md. A room imports from its own floor and from those below;
/// Tests/Architecture holds this list, the folders and every import line against each other.
enum Floor: String {
  case system = "System"
  case formats = "Formats"
  case compute = "Compute"
  case data = "Data"
  case models = "Models"
  case work = "Work"
  case stages = "Stages"

  func swift(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(rawValue)/\(name)", swiftSettings: safe)
  }

  func c(
    _ name: String, _ dependencies: [Target.Dependency] = [], linking libraries: [String] = []
  ) -> Target {
    .target(
      name: name, dependencies: dependencies, path: "Sources/\(rawValue)/\(name)", cSettings: optimised,
      linkerSettings: libraries.map { .linkedLibrary($0) })
  }

  func library(_ name: String, pkgConfig: String, apt package: String) -> Target {
    .systemLibrary(
      name: name, path: "Sources/\(rawValue)/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
  }

  func stage(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
      name: name, dependencies: ["StageSupport", "Diagnostics", arguments] + dependencies,
      path: "Sources/\(rawValue)/\(name)", swiftSettings: safe)
  }

  func tests(_ module: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
      name: "\(module)Tests",
      dependencies: (module == "Stage" ? [] : [.byName(name: module)]) + dependencies,
      path: "Tests/\(rawValue)/\(module)Tests", swiftSettings: safe)
  }
}

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let sources: [Target] = [
  // System: knows nothing of pictures or words.
  Floor.system.c("CSystem"),
  Floor.system.swift("Diagnostics"),
  Floor.system.swift("Files", ["CSystem", "Diagnostics"]),
  Floor.system.c("CProcesses"),
  Floor.system.swift("Processes", ["CProcesses", "Diagnostics", "Files"]),
  Floor.system.swift("Workers", ["Diagnostics"]),
  Floor.system.swift("JSON", ["Diagnostics", "Files"]),
  Floor.system.swift("Random"),
  Floor.system.swift("Digests", [.product(name: "Crypto", package: "swift-crypto")]),

  // Formats: bytes of others, checked. Each library beside its owner.
  Floor.formats.library("CHDF5", pkgConfig: "hdf5", apt: "libhdf5-dev"),
  Floor.formats.c("CHDF5Memory", ["CHDF5"]),
  Floor.formats.swift("HDF5", ["CHDF5", "CHDF5Memory", "Diagnostics", "Files"]),
  Floor.formats.c("CJPEG", linking: ["jpeg"]),
  Floor.formats.swift("JPEG", ["CJPEG", "Diagnostics", "Files"]),
  Floor.formats.library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
  Floor.formats.swift("Archives", ["CZlib", "Diagnostics", "Files"]),
  Floor.formats.swift("Weights", ["Archives", "Diagnostics", "Digests", "Files", "JSON"]),

  // Compute: numbers; forward beside backward.
  Floor.compute.c("CKernels"),
  Floor.compute.c("COpenBLAS"),
  Floor.compute.swift("Kernels", ["CKernels", "COpenBLAS", "Diagnostics", "Random", "Workers"]),
  Floor.compute.swift("Layers", ["Kernels"]),

  // Data: the user's nouns.
  Floor.data.swift("COCO", ["Diagnostics", "Digests", "Files", "JSON", "Random", "Workers"]),
  Floor.data.swift("Vocabularies"),
  Floor.data.swift(
    "Tokenization", ["COCO", "Diagnostics", "Files", "JSON", "Random", "Vocabularies", "Workers"]),
  Floor.data.swift("Images", ["Archives", "Diagnostics", "Files", "JPEG", "Kernels"]),
  Floor.data.swift("Scenes", ["Diagnostics", "Digests", "Files", "JPEG", "JSON", "Random", "Workers"]),
  Floor.data.swift("Provenance", ["Diagnostics", "Digests", "Files", "JSON"]),
  Floor.data.swift(
    "Caches", ["Diagnostics", "Digests", "Files", "HDF5", "JSON", "Kernels", "Provenance", "Workers"]),

  // Models: feature networks, captioners, decoding.
  Floor.models.swift("FeatureNetworks", ["Diagnostics", "Digests", "Files", "Kernels", "Processes", "Weights"]),
  Floor.models.swift(
    "Captioners", ["Diagnostics", "JSON", "Kernels", "Layers", "Random", "Vocabularies", "Weights", "Workers"]),

  // Work: what each stage does, as a library that prints nothing.
  Floor.work.swift(
    "ImageCaching",
    [
      "COCO", "Caches", "Diagnostics", "Digests", "Files", "Images", "JSON", "Provenance", "Workers",
    ]),
  Floor.work.swift(
    "TokenCaching",
    ["COCO", "Caches", "Diagnostics", "Digests", "Files", "JSON", "Tokenization", "Vocabularies", "Workers"]),
  Floor.work.swift(
    "FeatureCaching",
    [
      "Caches", "Diagnostics", "FeatureNetworks", "Files", "JSON", "Kernels",
    ]),
  Floor.work.swift(
    "Training",
    [
      "Caches", "Captioners", "Diagnostics", "Files", "JSON", "Kernels", "Layers", "Processes", "Random",
      "Vocabularies", "Weights",
    ]),
  Floor.work.swift(
    "Inference",
    [
      "Caches", "Captioners", "Diagnostics", "FeatureNetworks", "Files", "Images", "JSON", "Kernels", "Vocabularies",
      "Weights", "Workers",
    ]),
  Floor.work.swift("Scoring", ["JSON", "Scenes"]),
  Floor.work.swift("Reporting"),

  // Stages: options in, lines and exit codes out.
  Floor.stages.swift(
    "StageSupport", ["Diagnostics", "JSON", "Kernels", "Processes", "Provenance", arguments]),
  Floor.stages.swift("DatasetArguments", ["COCO", "Provenance", arguments]),
  Floor.stages.swift(
    "Pipelines", ["Diagnostics", "Files", "JSON", "Processes", "StageSupport", .product(name: "Yams", package: "Yams")]),
  Floor.stages.stage(
    "decode-images", ["Caches", "DatasetArguments", "ImageCaching", "Images", "Provenance"]),
  Floor.stages.stage(
    "tokenize-captions", ["Caches", "DatasetArguments", "Provenance", "TokenCaching"]),
  Floor.stages.stage("extract-features", ["Caches", "FeatureCaching", "FeatureNetworks", "Provenance"]),
  Floor.stages.stage("train-captioner", ["Caches", "Files", "Provenance", "Reporting", "Training"]),
  Floor.stages.stage("caption-images", ["Caches", "Files", "Inference", "Provenance"]),
  Floor.stages.stage("score-captions", ["Files", "JSON", "Provenance", "Scoring"]),
  Floor.stages.stage("generate-scenes", ["JSON", "Provenance", "Scenes"]),
  Floor.stages.stage("run-pipeline", ["JSON", "Pipelines", "Processes"]),
]

/// Tests stand where what they test stands; they may import from any floor.
let tests: [Target] = [
  .target(
    name: "TestSupport", dependencies: ["Diagnostics", "Files", "Processes"], path: "Tests/TestSupport",
    swiftSettings: safe),
  .target(
    name: "CaptionerGolden",
    dependencies: ["Captioners", "Diagnostics", "Files", "JSON", "Kernels", "Layers", "TestSupport", "Vocabularies"],
    path: "Tests/Models/CaptionerGolden", swiftSettings: safe),
  // What Tests/benchmark.sh times inside one process.
  .executableTarget(
    name: "measure-kernels",
    dependencies: [
      "Caches", "Captioners", "Diagnostics", "FeatureNetworks", "Files", "Images", "JPEG", "JSON", "Kernels",
      "Random", "TestSupport", "Training", "Vocabularies", "Workers", arguments,
    ], path: "Tests/Benchmarks/measure-kernels", swiftSettings: safe),

  Floor.system.tests("Digests", ["Files"]),
  Floor.system.tests("Files", ["Diagnostics", "TestSupport"]),
  Floor.system.tests("JSON", ["Diagnostics", "Files"]),
  Floor.system.tests("Processes", ["Diagnostics", "Files", "TestSupport"]),
  Floor.system.tests("Random"),
  Floor.system.tests("Workers", ["Diagnostics"]),
  Floor.formats.tests("Archives", ["Diagnostics", "Files", "TestSupport"]),
  Floor.formats.tests("HDF5", ["Diagnostics", "Files", "TestSupport"]),
  Floor.formats.tests("JPEG", ["Diagnostics", "Files", "TestSupport"]),
  Floor.formats.tests("Weights", ["Diagnostics", "Files", "Random", "TestSupport"]),
  Floor.compute.tests("Kernels", ["Files", "JSON", "TestSupport"]),
  Floor.compute.tests("Layers", ["Files", "JSON", "Kernels", "TestSupport"]),
  Floor.data.tests("COCO", ["Diagnostics", "Digests", "Files", "JSON", "Random", "TestSupport"]),
  Floor.data.tests("Caches", ["Diagnostics", "Files", "HDF5", "JSON", "Kernels", "TestSupport"]),
  Floor.data.tests("Images", ["Diagnostics", "Files", "JPEG", "JSON", "Random", "TestSupport"]),
  Floor.data.tests("Provenance", ["Diagnostics", "Files", "JSON", "TestSupport", "Workers"]),
  Floor.data.tests("Scenes", ["Diagnostics", "Files", "JSON", "TestSupport"]),
  Floor.data.tests("Tokenization", ["COCO", "Diagnostics", "Digests", "Files", "JSON", "TestSupport", "Vocabularies"]),
  Floor.models.tests(
    "Captioners", ["CaptionerGolden", "Files", "JSON", "Kernels", "TestSupport", "Vocabularies", "Weights"]),
  Floor.models.tests("FeatureNetworks", ["Diagnostics", "Files", "Kernels", "TestSupport", "Weights"]),
  Floor.work.tests(
    "FeatureCaching",
    ["Caches", "Diagnostics", "FeatureNetworks", "Files", "JSON", "TestSupport", "Weights"]),
  Floor.work.tests(
    "ImageCaching", ["Caches", "Diagnostics", "Files", "Images", "JPEG", "JSON", "TestSupport"]),
  Floor.work.tests(
    "Inference",
    [
      "Caches", "Diagnostics", "FeatureCaching", "FeatureNetworks", "Files", "ImageCaching", "Images", "JPEG", "JSON",
      "Kernels", "TestSupport",
    ]),
  Floor.work.tests("Reporting"),
  Floor.work.tests("Scoring", ["JSON"]),
  Floor.work.tests(
    "TokenCaching",
    ["COCO", "Caches", "Diagnostics", "Digests", "Files", "JSON", "TestSupport", "Tokenization"]),
  Floor.work.tests(
    "Training",
    [
      "CaptionerGolden", "Caches", "Captioners", "Diagnostics", "Files", "JSON", "Kernels", "TestSupport",
      "Weights",
    ]),
  Floor.stages.tests("Pipelines", ["Diagnostics", "Files", "TestSupport"]),
  Floor.stages.tests("StageSupport"),
  Floor.stages.tests("Stage", ["Caches", "Files", "JSON", "Processes", "Random", "TestSupport", "Weights"]),
]

let package = Package(
  name: "captioneer",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: sources + tests
)
