import Caches
import Diagnostics
import Files
import Images
import JPEG
import Synchronization

/// What one worker holds: a JPEG reader, the bytes of one file and the pixels of one block.
struct Decoder: ~Copyable {
  private let reader: ImageReader
  private var file: [UInt8] = []
  private var images: [[UInt8]] = []  // each u8 [3, size, size]

  init(_ options: ImageOptions) { reader = ImageReader(options) }

  /// Decodes the photographs of a block, then writes those that could be decoded.
  mutating func decode(
    block: Int, of writer: CacheWriter, job: ImageCacheJob, _ progress: any ProgressReporter
  ) throws {
    let range = writer.inputRange(ofBlock: block)
    let imageBytes = job.options.byteCount
    while images.count < range.count { images.append([UInt8](repeating: 0, count: imageBytes)) }
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
    let images = images
    try writer.commit(block: block, rowCount: rows, note: lines.joined(separator: "\n")) { sink in
      for image in images[..<rows] { try sink.append(dataset: 0, image.byteSpan) }
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
    do {
      _ = try source.withBytes(of: photograph.fileName, buffer: &file) { bytes in
        entry.content = PhotographSource.content(of: bytes)
        var target = images[row].mutableSpan
        let warning = try reader.read(bytes, into: &target)
        entry.status = warning == nil ? .ok : .recovered
        entry.reason = warning ?? ""
      }
    } catch let failure as JPEGFailure {
      entry.reason = failure.reason
    } catch let error as InputError where error.errorNumber == nil {
      // The content is at fault: no regular file, or a damaged entry of an archive. What the machine fails at ends the run.
      entry.reason = error.problem
    }
    return entry
  }
}

/// A decoder that one worker at a time uses.
final class DecoderBox: Sendable {
  let decoder: Mutex<Decoder>
  init(_ options: ImageOptions) { decoder = Mutex(Decoder(options)) }
}
