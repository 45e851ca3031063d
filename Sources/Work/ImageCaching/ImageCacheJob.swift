import Caches
package import Diagnostics
import Digests
package import Images
package import JSON
import Synchronization
import Workers

/// One photograph to decode.
package struct Photograph: Sendable {
  package var imageID: Int64
  package var fileName: String
  /// In pixels, as the annotations say; 0 where they don't.
  package var width: Int
  package var height: Int
  /// Index into the splits.
  package var split: UInt8

  package init(imageID: Int64, fileName: String, width: Int = 0, height: Int = 0, split: UInt8) {
    self.imageID = imageID
    self.fileName = fileName
    self.width = width
    self.height = height
    self.split = split
  }
}

/// Decodes photographs into `images.h5`: u8 [N, 3, size, size], see cache/README.md.
///
/// Blocks of photographs are decoded in parallel and written in order; what is finished survives any interruption.
package struct ImageCacheJob: Sendable {
  /// Raised whenever the same photographs and options come to other bytes. 3: the ledger has the annotated sizes, by which features and
  /// captions know each other's images, and the captions chosen are no part of the configuration.
  package static let codeVersion = 3
  package static let format = "captioneer.images"

  /// Names of the splits, and where each split's photographs lie.
  package var splits: [(name: String, source: PhotographSource)]
  /// Grouped by split, in the splits' order.
  package var photographs: [Photograph]
  package var options: ImageOptions
  /// Everything the user chose that changes the cache: selection, size, fit, resampling.
  package var configuration: JSONValue
  /// SHA-256 of each annotations file by its name in the cache's inputs.
  package var annotationDigests: [(name: String, digest: String)]
  /// How many photographs may be missing or undecodable.
  package var maximumFailures: Int
  package var threads: Int
  /// Throws away what an interrupted run left.
  package var restarts: Bool

  package init(
    splits: [(name: String, source: PhotographSource)], photographs: [Photograph], options: ImageOptions,
    configuration: JSONValue, annotationDigests: [(name: String, digest: String)], maximumFailures: Int, threads: Int,
    restarts: Bool = false
  ) {
    self.splits = splits
    self.photographs = photographs
    self.options = options
    self.configuration = configuration
    self.annotationDigests = annotationDigests
    self.maximumFailures = maximumFailures
    self.threads = threads
    self.restarts = restarts
  }

  /// Photographs of a block: a few megabytes of pixels, so that memory stays flat and little is lost when killed.
  static func inputsPerBlock(imageBytes: Int) -> Int { max(1, min(32, (4 << 20) / imageBytes)) }

  /// Decodes all photographs and publishes the cache at `path`.
  ///
  /// - Parameter confirm: called when all is read, before anything is published.
  /// - Throws: `InputError` for an unwritable or full disk, and for a photograph that changed while it was read; `Interrupted`.
  package func run(
    path: String, progress: any ProgressReporter, confirm: () throws -> Void = {}
  ) throws -> Summary {
    let inputsPerBlock = Self.inputsPerBlock(imageBytes: options.byteCount)
    let writer = try CacheWriter(
      path: path, journalIdentity: journalIdentity,
      datasets: [
        RowDataset(
          "images", .uint8, rowShape: [3, options.size, options.size],
          description: "RGB pixels [row, channel, y, x], 0 to 255")
      ],
      maximumRows: photographs.count, inputCount: photographs.count, inputsPerBlock: inputsPerBlock,
      keepsBlock: { try !restarts && isUnchanged(block: $0, note: $1, inputsPerBlock: inputsPerBlock) })
    let resumed = min(writer.finishedBlocks * inputsPerBlock, photographs.count)
    if resumed > 0 { progress.note("\(resumed) photographs were decoded by an earlier run") }
    progress.begin("decoding", total: photographs.count, done: resumed, unit: "images")

    try decodeBlocks(of: writer, progress)

    let ledger = try (0..<writer.blockCount).flatMap { block in
      try entries(block: block, note: writer.note(ofBlock: block), inputsPerBlock: inputsPerBlock)
    }
    var summary = Summary(ledger, resumed: resumed, maximumFailures: maximumFailures)
    guard summary.skipped.count <= maximumFailures, summary.rows > 0 else { return summary }
    try confirm()
    try confirmPhotographs(ledger)
    try writer.publish(identity(ledger), columns: columns(ledger))
    summary.isPublished = true
    return summary
  }

  private func decodeBlocks(of writer: CacheWriter, _ progress: any ProgressReporter) throws {
    let workers = (0..<max(1, threads)).map { _ in DecoderBox(options) }
    try writer.forEachBlock(threads: threads, progress) { block, worker in
      try workers[worker].decoder.withLock { try $0.decode(block: block, of: writer, job: self, progress) }
    }
  }

  // MARK: What an interrupted run left

  /// Everything that decides the rows' bytes, other than the photographs' own.
  private var journalIdentity: String {
    var hasher = SHA256Hasher()
    hasher.update("\(Self.format) \(Self.codeVersion) \(configuration.canonical)\n")
    for (name, digest) in annotationDigests { hasher.update("\(name) \(digest)\n") }
    for photograph in photographs {
      hasher.update("\(photograph.imageID) \(photograph.split) \(photograph.fileName)\n")
    }
    return hasher.finish()
  }

  private func range(ofBlock block: Int, inputsPerBlock: Int) -> Range<Int> {
    block * inputsPerBlock..<min(photographs.count, (block + 1) * inputsPerBlock)
  }

  private func entries(block: Int, note: String, inputsPerBlock: Int) throws -> [LedgerEntry] {
    let range = range(ofBlock: block, inputsPerBlock: inputsPerBlock)
    let entries = zip(range, note.split(separator: "\n")).compactMap { index, line in
      LedgerEntry(line: line, imageID: photographs[index].imageID, fileName: photographs[index].fileName)
    }
    guard entries.count == range.count else {
      throw InputError("block \(block)'s journal can't be understood", remedy: "remove the .journal file and run again")
    }
    return entries
  }

  /// Whether the photographs of a finished block are still those that were decoded.
  private func isUnchanged(block: Int, note: String, inputsPerBlock: Int) throws -> Bool {
    guard let entries = try? entries(block: block, note: note, inputsPerBlock: inputsPerBlock) else { return false }
    var buffer: [UInt8] = []
    return try zip(range(ofBlock: block, inputsPerBlock: inputsPerBlock), entries).allSatisfy { index, entry in
      try isUnchanged(photographs[index], entry, &buffer)
    }
  }

  /// Touched is not changed: what looks different is read again.
  private func isUnchanged(_ photograph: Photograph, _ entry: LedgerEntry, _ buffer: inout [UInt8]) throws -> Bool {
    let source = splits[Int(photograph.split)].source
    let signature = try source.signature(of: photograph.fileName) ?? "-"
    return try (signature == entry.signature && !entry.isUnread)
      || source.content(of: photograph.fileName, buffer: &buffer) == entry.content
  }

  /// Looks at every photograph once more.
  private func confirmPhotographs(_ ledger: [LedgerEntry]) throws {
    var buffer: [UInt8] = []
    for (photograph, entry) in zip(photographs, ledger) where try !isUnchanged(photograph, entry, &buffer) {
      throw InputError(
        file: splits[Int(photograph.split)].source.path, at: photograph.fileName, "changed while it was read",
        remedy: "run the command again; the others need not be decoded again")
    }
  }

  // MARK: The published cache

  private func identity(_ ledger: [LedgerEntry]) -> CacheIdentity {
    let inputs =
      annotationDigests.map { JSONValue.Member($0.name, .string($0.digest)) }
      + [.init(PhotographsInput.name, .string(PhotographsInput.digest(ledger)))]
    return CacheIdentity(
      format: Self.format, formatVersion: 1, stage: "decode-images", codeVersion: Self.codeVersion,
      configuration: configuration, inputs: .object(inputs), splits: splits.map(\.name))
  }

  private func columns(_ ledger: [LedgerEntry]) -> [NamedColumn] {
    let kept = ledger.indices.filter { ledger[$0].status != .skipped }
    return [
      NamedColumn("image_ids", .int64(kept.map { ledger[$0].imageID }), description: "COCO image id of each row"),
      NamedColumn("split", .uint8(kept.map { photographs[$0].split }), description: "index into the attribute splits"),
      NamedColumn(
        "ledger/image_ids", .int64(ledger.map(\.imageID)),
        description: "image id of each photograph asked for"),
      NamedColumn("ledger/file_names", .text(ledger.map(\.fileName)), description: "its file name in the annotations"),
      NamedColumn(
        "ledger/sizes", .int32(photographs.flatMap { [Int32(clamping: $0.width), Int32(clamping: $0.height)] }),
        shape: [photographs.count, 2], description: "width and height in the annotations; 0 where they don't say"),
      NamedColumn(
        "ledger/statuses", .text(ledger.map(\.status.rawValue)),
        description: "ok, recovered (decoded though corrupt) or skipped (no row)"),
      NamedColumn("ledger/reasons", .text(ledger.map(\.reason)), description: "what was wrong; empty for ok"),
    ]
  }
}
