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

func library(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: safe)
}

func stage(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: ["StageSupport", "Diagnostics", "JSON", arguments] + dependencies,
    swiftSettings: safe)
}

func tests(_ module: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(module)Tests",
    dependencies: ["TestSupport"] + (module == "Stage" ? [] : [.byName(name: module)]) + dependencies,
    swiftSettings: safe)
}

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "captioneer",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // C: system libraries, libjpeg behind setjmp, the SIMD kernels, what Swift's Glibc lacks of Linux, and OpenBLAS where it is
    // asked for.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CJPEG", cSettings: optimised, linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CKernels", cSettings: optimised),
    .target(name: "CSystem", cSettings: optimised),
    .target(name: "CHDF5Memory", dependencies: ["CHDF5"], cSettings: optimised),
    .target(name: "COpenBLAS", cSettings: optimised),

    // Owners: the only importers of C, and the only Swift that may be unsafe.
    library("Files", ["CSystem", "Diagnostics"]),
    library("Kernels", ["CKernels", "Diagnostics"]),
    library("HDF5", ["CHDF5", "CHDF5Memory", "Diagnostics", "Files"]),
    library("JPEG", ["CJPEG", "Diagnostics", "Files"]),
    library("Tensors", ["COpenBLAS", "CKernels", "Kernels", "Diagnostics"]),
    library("Archives", ["CZlib", "Diagnostics", "Files"]),

    // Foundations.
    library("Diagnostics"),
    library("Workers", ["CSystem", "Diagnostics"]),
    library("JSON", ["Diagnostics", "Files"]),
    library("Digests", [.product(name: "Crypto", package: "swift-crypto")]),

    // Data.
    library("COCO", ["JSON", "Diagnostics", "Files", "Digests", "Workers"]),
    library("Captions", ["COCO", "JSON", "Diagnostics", "Files", "Workers"]),
    library("Images", ["JPEG", "Kernels", "Files"]),
    library("Caches", ["Freshness", "HDF5", "Files", "Kernels", "Digests", "JSON", "Diagnostics", "Workers"]),
    library("Weights", ["JSON", "Files", "Archives", "Diagnostics", "Digests"]),
    library("Scenes", ["JPEG", "JSON", "Files", "Diagnostics", "Digests", "Workers"]),

    // Models and training.
    library("MobileNetV2", ["Weights", "Kernels", "Diagnostics", "Workers"]),
    library("Layers", ["Tensors", "Kernels", "Workers"]),
    library("Captioners", ["Layers", "Tensors", "Kernels", "Weights", "Diagnostics", "JSON", "Workers"]),
    library(
      "Training",
      [
        "Captioners", "Layers", "Tensors", "Kernels", "Caches", "Weights", "Captions", "Diagnostics", "Workers", "JSON",
        "Files",
      ]),
    library("Scores", ["JSON", "Scenes"]),
    library("Reports", ["Diagnostics", "Files"]),

    // What each stage does, as a library.
    library(
      "ImageCaching",
      [
        "COCO", "Freshness", "Images", "JPEG", "Kernels", "Caches", "HDF5", "Archives", "Workers", "Files", "JSON",
        "Diagnostics", "Digests",
      ]),
    library(
      "CaptionCaching", ["Captions", "COCO", "Caches", "Files", "JSON", "Diagnostics", "Digests", "Workers"]),
    library(
      "FeatureCaching",
      ["MobileNetV2", "Weights", "Kernels", "Caches", "HDF5", "Workers", "Files", "JSON", "Diagnostics", "Digests"]),
    library(
      "Captioning",
      [
        "Captioners", "Tensors", "Kernels", "MobileNetV2", "Images", "JPEG", "Caches", "Captions", "Weights", "Workers",
        "Files", "JSON", "Diagnostics",
      ]),
    library("Pipelines", ["Files", "JSON", "Digests", "Diagnostics", .product(name: "Yams", package: "Yams")]),
    library("StageSupport", ["COCO", "Diagnostics", "JSON", "Files", "Freshness", "Kernels", "Workers", arguments]),
    library("Freshness", ["Files", "JSON", "Digests", "Diagnostics"]),

    // Stages.
    stage("decode-images", ["Caches", "ImageCaching", "Images", "COCO", "Files", "Freshness"]),
    stage("tokenize-captions", ["Caches", "CaptionCaching", "COCO", "Captions", "Freshness"]),
    stage("extract-features", ["Caches", "FeatureCaching", "Freshness", "Weights"]),
    stage("train-captioner", ["Caches", "Training", "Reports", "Files", "Freshness"]),
    stage("caption-images", ["Caches", "Captioning", "Files", "Freshness"]),
    stage("generate-scenes", ["Scenes", "Freshness"]),
    stage("score-captions", ["Scores", "Files", "Freshness"]),
    stage("run-pipeline", ["Pipelines", "Freshness", "Files"]),
    // What Tests/benchmark.sh times inside one process.
    .executableTarget(
      name: "measure-kernels",
      dependencies: [
        "Images", "JPEG", "MobileNetV2", "Weights", "Captioners", "Layers", "Tensors", "Kernels", "Caches", "Workers",
        "Files", "JSON", "Diagnostics", arguments,
      ], swiftSettings: safe),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["Files", "JSON", "Diagnostics"], path: "Tests/TestSupport",
      swiftSettings: safe),
    tests("Files", ["Diagnostics"]), tests("Kernels", ["Files", "JSON"]), tests("HDF5", ["Files", "Diagnostics"]),
    tests("JPEG", ["Files", "Diagnostics"]), tests("Tensors", ["Kernels"]),
    tests("Archives", ["Files", "Diagnostics"]),
    tests("JSON", ["Diagnostics", "Files"]), tests("COCO", ["Digests", "JSON", "Diagnostics", "Files"]),
    tests("Captions", ["CaptionCaching", "Caches", "HDF5", "COCO", "Digests", "JSON", "Files", "Diagnostics"]),
    tests("ImageCaching", ["Images", "JPEG", "JSON", "Caches", "HDF5", "Files", "Diagnostics"]),
    tests("Images", ["JPEG", "Files", "Diagnostics"]),
    tests("Caches", ["JSON", "Files", "Diagnostics", "HDF5", "Kernels"]), tests("Workers", ["Diagnostics"]),
    tests("Weights", ["Files", "JSON", "Diagnostics"]), tests("Scenes", ["JPEG", "JSON", "Files", "Diagnostics"]),
    tests("Scores", ["JSON"]), tests("Reports"),
    tests("MobileNetV2", ["Kernels", "Weights", "Files", "JSON", "Diagnostics"]),
    tests("FeatureCaching", ["Caches", "HDF5", "Weights", "Files", "JSON", "Diagnostics"]),
    tests("Layers", ["Tensors", "JSON", "Files"]),
    tests("Captioners", ["Kernels", "Layers", "Tensors", "Weights", "JSON", "Files", "Training"]),
    tests(
      "Training",
      ["Captioners", "Layers", "Tensors", "Weights", "JSON", "Files", "Diagnostics", "Caches", "Captions", "HDF5"]),
    tests("Pipelines", ["JSON", "Files", "Diagnostics"]),
    tests("Freshness", ["JSON", "Files", "Diagnostics", "Workers"]),
    tests("StageSupport"),
    tests("Stage", ["JSON", "Files", "Diagnostics", "Caches", "HDF5", "Weights"]),
  ]
)
