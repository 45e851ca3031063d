package import Diagnostics
import Digests
import Files
import JPEG
import JSON
import Synchronization
import Workers

/// Drawn scenes as a data set of COCO's form: `images/`, `captions_train.json`, `captions_val.json`, and `scenes.json` with the truth.
package struct SceneDataset: Sendable {
  package static let captionsPerScene = 5
  /// Raised whenever a seed draws other scenes.
  package static let codeVersion = 2

  package var folder: String
  package var trainCount: Int
  package var validationCount: Int
  package var seed: UInt64
  package var quality: Int

  package init(folder: String, trainCount: Int, validationCount: Int, seed: UInt64, quality: Int = 90) {
    self.folder = folder
    self.trainCount = trainCount
    self.validationCount = validationCount
    self.seed = seed
    self.quality = quality
  }

  /// What decides a photograph's bytes besides its number.
  private var series: String { "seed \(seed) quality \(quality) version \(Self.codeVersion)" }

  package var outputs: [String] {
    ["scenes.json", "captions_train.json", "captions_val.json"].map { FileSystem.join(folder, $0) }
  }

  private func fileName(_ index: Int) -> String {
    let digits = String(index + 1)
    return String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".jpg"
  }

  /// Draws every scene that is not there yet; the captions come last, so a folder with captions has all its photographs.
  ///
  /// - Parameter restarts: draws all of them again, and replaces files that came from elsewhere.
  package func write(threads: Int, restarts: Bool = false, progress: any ProgressReporter) throws {
    let lock = try FolderLock(folder: folder)
    defer { withExtendedLifetime(lock) {} }
    let images = FileSystem.join(folder, "images")
    try FileSystem.makeFolder(images)
    let record = try SceneRecord(folder: folder, series: series, restarts: restarts)
    let count = trainCount + validationCount
    let missing = restarts ? Array(0..<count) : try missingScenes(images, record, threads: threads, progress: progress)
    // Captions of an earlier series must not stay beside half of this one's photographs.
    for output in outputs { try FileSystem.remove(output) }
    progress.begin("drawing", total: count, done: count - missing.count, unit: "scenes")
    try forEachIndex((missing.count + 15) / 16, threads: threads) { block, _ in
      if progress.isCancelled { throw Interrupted() }
      for index in missing[block * 16..<min(missing.count, (block + 1) * 16)] {
        let jpeg = try photograph(index)
        // Noted first: a file that has its name is known to be ours, whatever happens in between.
        try record.add(fileName(index), sha256(jpeg.byteSpan))
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

  /// The first photograph that is not as it was drawn, in words; nil where all are.
  package func damage(threads: Int) throws -> String? {
    guard let drawn = try SceneRecord.photographs(folder: folder, series: series) else { return nil }
    let count = trainCount + validationCount
    let damaged = Mutex<[Int]>([])
    try forEachIndex((count + 255) / 256, threads: threads) { block, _ in
      let found = try (block * 256..<min(count, (block + 1) * 256)).filter { try !isAsDrawn($0, drawn) }
      damaged.withLock { $0 += found }
    }
    return damaged.withLock { $0.min() }.map { "images/\(fileName($0)) is not as it was drawn" }
  }

  private func isAsDrawn(_ index: Int, _ drawn: Set<Substring>) throws -> Bool {
    let path = FileSystem.join(FileSystem.join(folder, "images"), fileName(index))
    guard try FileSystem.status(of: path)?.signature != nil else { return false }
    let file = try MappedFile(path: path)
    let digest = sha256(file.bytes)
    return drawn.contains("\(fileName(index)) \(digest)")
  }

  private func photograph(_ index: Int) throws -> [UInt8] {
    let scene = Scene(seed: seed, index: index)
    return try encodeJPEG(scene.draw().byteSpan, width: scene.width, height: scene.height, quality: quality)
  }

  /// The scenes whose photographs are not there, or are those of another series.
  ///
  /// - Throws: `InputError` for a file of that name that came from elsewhere; `Interrupted`.
  private func missingScenes(
    _ images: String, _ record: SceneRecord, threads: Int, progress: any ProgressReporter
  ) throws -> [Int] {
    let count = trainCount + validationCount
    let missing = Mutex<[Int]>([])
    try forEachIndex((count + 255) / 256, threads: threads) { block, _ in
      if progress.isCancelled { throw Interrupted() }
      for index in block * 256..<min(count, (block + 1) * 256) {
        if try !isThere(index, images, record) { missing.withLock { $0.append(index) } }
      }
    }
    return missing.withLock { $0.sorted() }
  }

  private func isThere(_ index: Int, _ images: String, _ record: SceneRecord) throws -> Bool {
    let name = fileName(index)
    let path = FileSystem.join(images, name)
    guard try FileSystem.status(of: path) != nil else { return false }
    let file = try MappedFile(path: path)
    let digest = sha256(file.bytes)
    if record.isRight(name, digest) { return true }
    if record.isOurs(name, digest) { return false }
    // Perhaps of a folder that is older than the record.
    let jpeg = try photograph(index)
    guard digest == sha256(jpeg.byteSpan) else {
      throw InputError(file: path, "was not made by generate-scenes", remedy: "choose another folder, or give --force")
    }
    try record.add(name, digest)
    return true
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
    let info: JSONValue = [
      "description": "Captioneer's drawn scenes", "version": .string(String(Self.codeVersion)),
      "seed": .integer(Int(seed)),
    ]
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
