public import Diagnostics
import Files
import JPEG
import JSON
import Workers

/// Drawn scenes as a data set of COCO's form: `images/`, `captions_train.json`, `captions_val.json`, and `scenes.json` with the truth.
public struct SceneDataset: Sendable {
  public static let captionsPerScene = 5

  public var folder: String
  public var trainCount: Int
  public var validationCount: Int
  public var seed: UInt64
  public var quality: Int

  public init(folder: String, trainCount: Int, validationCount: Int, seed: UInt64, quality: Int = 90) {
    self.folder = folder
    self.trainCount = trainCount
    self.validationCount = validationCount
    self.seed = seed
    self.quality = quality
  }

  public var outputs: [String] {
    ["scenes.json", "captions_train.json", "captions_val.json"].map { FileSystem.join(folder, $0) }
  }

  private func fileName(_ index: Int) -> String {
    let digits = String(index + 1)
    return String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".jpg"
  }

  /// Draws every scene; the captions come last, so a folder with captions has all its photographs.
  public func write(threads: Int, progress: any ProgressReporter) throws {
    let images = FileSystem.join(folder, "images")
    try FileSystem.makeFolder(images)
    // Captions of an earlier series must not stay beside half of this one's photographs.
    for output in outputs { try FileSystem.remove(output) }
    let count = trainCount + validationCount
    progress.begin("drawing", total: count, done: 0, unit: "scenes")
    try forEachIndex((count + 15) / 16, threads: threads) { block, _ in
      if progress.isCancelled { throw Interrupted() }
      for index in block * 16..<min(count, (block + 1) * 16) {
        let scene = Scene(seed: seed, index: index)
        let jpeg = try encodeJPEG(
          scene.draw().byteSpan, width: scene.width, height: scene.height, quality: quality)
        let file = try OutputFile(path: FileSystem.join(images, fileName(index)))
        try file.write(jpeg.byteSpan, at: 0)
        try file.publishUnsynchronized()
        progress.advance(by: 1)
      }
    }
    try FileSystem.synchronize(everythingNear: images)
    try FileSystem.replace(outputs[1], with: annotations(0..<trainCount))
    try FileSystem.replace(outputs[2], with: annotations(trainCount..<count))
    try FileSystem.replace(outputs[0], with: truth(count))
  }

  private func annotations(_ range: Range<Int>) -> String {
    var images: [JSONValue] = []
    var captions: [JSONValue] = []
    for index in range {
      let scene = Scene(seed: seed, index: index)
      images.append([
        "id": .integer(index + 1), "file_name": .string(fileName(index)), "width": .integer(scene.width),
        "height": .integer(scene.height),
      ])
      for (number, caption) in scene.captions.enumerated() {
        captions.append([
          "id": .integer(index * Self.captionsPerScene + number + 1), "image_id": .integer(index + 1),
          "caption": .string(caption),
        ])
      }
    }
    let info: JSONValue = ["description": "Captioneer's drawn scenes", "version": "1", "seed": .integer(Int(seed))]
    return JSONValue.object([
      .init("info", info), .init("images", .array(images)), .init("annotations", .array(captions)),
    ]).compact
  }

  private func truth(_ count: Int) -> String {
    JSONValue.array(
      (0..<count).map { index in
        .object([.init("image_id", .integer(index + 1))] + (Scene(seed: seed, index: index).json.members ?? []))
      }
    ).compact
  }
}
