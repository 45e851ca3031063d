package import ArgumentParser
package import COCO
package import Provenance

extension DatasetRequest {
  /// The splits in their order, where the request names them.
  package var splitNames: [String]? {
    if case .coco(let splits) = source { splits.map(\.split) } else { nil }
  }

  /// The annotation files as a stage's inputs.
  package var stageInputs: [StageInput] {
    let isOneFile = if case .karpathy = source { true } else { false }
    return inputs.map { .file($0.name, $0.path, isRecordedInParts: isOneFile) }
  }
}

/// What a dataset is made of: the same options give `decode-images` and `tokenize-captions` the same images in the same order.
package struct DatasetOptions: ParsableArguments {
  @Option(
    name: .customLong("split"),
    help: ArgumentHelp(
      "A split and its COCO captions file. Repeat for each split; 'train' is the one that the vocabulary is made of.",
      valueName: "NAME=FILE"))
  package var splits: [String] = []
  @Option(
    help: ArgumentHelp(
      "Karpathy's dataset_coco.json instead: splits train (with restval), val, test.", valueName: "FILE"))
  package var karpathy: String?
  @Option(
    help: ArgumentHelp("Only the first N images of each split, or of one split; 0 takes all.", valueName: "N|NAME=N"))
  package var first: [String] = []
  @Option(
    help: ArgumentHelp("N images of each split (or of one) drawn with --seed; 0 takes all.", valueName: "N|NAME=N"))
  package var sample: [String] = []
  @Option(help: "Seed of --sample.")
  package var seed: UInt64 = 1
  @Option(help: ArgumentHelp("The first K captions of each image.", valueName: "K|all"))
  package var captionsPerImage = "all"

  package init() {}

  package func validate() throws { _ = try makeRequest() }

  /// What the options ask for. `validate` has checked them.
  package var request: DatasetRequest {
    get throws { try makeRequest() }
  }

  private func makeRequest() throws -> DatasetRequest {
    guard splits.isEmpty != (karpathy == nil) else {
      throw ValidationError("give --split NAME=FILE (once for each split) or --karpathy FILE")
    }
    var selection = Selection(seed: seed)
    for (values, option, make) in [
      (first, "--first", Selection.Images.first), (sample, "--sample", Selection.Images.sample),
    ] {
      for value in values {
        let (name, count) = Self.named(value)
        guard let count = Int(count), count >= 0 else { throw ValidationError("\(option) \(value): expected a count") }
        let images = count == 0 ? Selection.Images.all : make(count)
        if let name { selection.bySplit.append((name, images)) } else { selection.images = images }
      }
    }
    if captionsPerImage != "all" {
      guard let count = Int(captionsPerImage), count > 0 else {
        throw ValidationError("--captions-per-image \(captionsPerImage): expected a count of at least 1, or 'all'")
      }
      selection.captionsPerImage = count
    }
    if let karpathy { return DatasetRequest(.karpathy(path: karpathy), selection: selection) }
    var files: [(split: String, path: String)] = []
    for value in splits {
      let (name, path) = Self.named(value)
      guard let name, !name.isEmpty, !path.isEmpty else {
        throw ValidationError("--split \(value): expected NAME=FILE")
      }
      guard !files.contains(where: { $0.split == name }) else {
        throw ValidationError("--split \(name) is given twice")
      }
      files.append((name, path))
    }
    for (split, _) in selection.bySplit where !files.contains(where: { $0.split == split }) {
      throw ValidationError("there is no split '\(split)'; splits: \(files.map(\.split).joined(separator: ", "))")
    }
    guard files.count <= 255 else { throw ValidationError("at most 255 splits") }
    return DatasetRequest(.coco(files), selection: selection)
  }

  private static func named(_ value: String) -> (name: String?, value: String) {
    guard let equals = value.firstIndex(of: "=") else { return (nil, value) }
    return (String(value[..<equals]), String(value[value.index(after: equals)...]))
  }
}
