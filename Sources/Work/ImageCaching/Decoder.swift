import Caches
import Diagnostics
import Files
import Images
import Synchronization

/// What one worker holds: a reader and the pixels of one block.
struct Decoder: ~Copyable {
  private let reader: PhotographReader
  private var pixels: [UInt8] = []  // [block, 3, size, size]

  init(_ options: ImageOptions) { reader = PhotographReader(options) }

  /// Decodes the photographs of a block, then writes those that could be decoded.
  mutating func decode(
    block: Int, of writer: CacheWriter, job: ImageCacheJob, _ progress: any ProgressReporter
  ) throws {
    let range = writer.inputRange(ofBlock: block)
    let imageBytes = reader.byteCount
    if pixels.count < range.count * imageBytes { pixels = [UInt8](repeating: 0, count: range.count * imageBytes) }
    var rows = 0
    var lines: [String] = []
    for index in range {
      if progress.isCancelled { throw Interrupted() }
      let photograph = job.photographs[index]
      let entry = try decode(photograph, job.splits[Int(photograph.split)].source, row: rows)
      if entry.status != .skipped { rows += 1 }
      lines.append(entry.line)
      progress.advance(by: 1)
    }
    let pixels = pixels
    try writer.commit(block: block, rowCount: rows, note: lines.joined(separator: "\n")) { sink in
      try sink.append(dataset: 0, pixels.byteSpan.extracting(0..<rows * imageBytes))
    }
  }

  private mutating func decode(
    _ photograph: Photograph, _ source: PhotographSource, row: Int
  ) throws -> LedgerEntry {
    // Taken before reading: a file that changes meanwhile is found out before publication.
    let signature = try source.signature(of: photograph.fileName)
    var entry = LedgerEntry(
      imageID: photograph.imageID, fileName: photograph.fileName, status: .skipped, reason: "file not there",
      content: "-", signature: signature ?? "-")
    guard signature != nil else { return entry }
    let outcome = try reader.read(photograph.fileName, of: source, into: &pixels, at: row) { bytes in
      entry.content = PhotographSource.content(of: bytes)
    }
    switch outcome {
    case .ok: (entry.status, entry.reason) = (.ok, "")
    case .recovered(let reason): (entry.status, entry.reason) = (.recovered, reason)
    case .skipped(let reason): entry.reason = reason
    case nil: break
    }
    return entry
  }
}

/// A decoder that one worker at a time uses.
final class DecoderBox: Sendable {
  let decoder: Mutex<Decoder>
  init(_ options: ImageOptions) { decoder = Mutex(Decoder(options)) }
}
