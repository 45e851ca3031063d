import Diagnostics
import Files
import JPEG

/// What a photograph's bytes came to, in the words of the cache's ledger.
package enum PhotographOutcome: Equatable, Sendable {
  /// Decoded without complaint.
  case ok
  /// Decoded, though libjpeg found the data corrupt and mended them.
  case recovered(String)
  /// Not decoded: the content is at fault.
  case skipped(String)
}

/// The one way from a photograph to its pixels, with one outcome: for the images cache, for loose photographs and for the
/// benchmark alike. One reader serves one thread.
package final class PhotographReader {
  private let reader: ImageReader
  private var file: [UInt8] = []

  package init(_ options: ImageOptions) { reader = ImageReader(options) }

  /// Bytes of one photograph's pixels, u8 [3, size, size].
  package var byteCount: Int { reader.options.byteCount }

  /// Decodes the JPEG file `bytes` into the photograph at `place` of `pixels`, u8 [photographs, 3, size, size].
  ///
  /// Where it is skipped the pixels are undefined.
  package func read(_ bytes: RawSpan, into pixels: inout [UInt8], at place: Int) -> PhotographOutcome {
    var span = pixels.mutableSpan
    var target = span._mutatingExtracting(place * byteCount..<(place + 1) * byteCount)
    do {
      return try reader.read(bytes, into: &target).map { .recovered($0) } ?? .ok
    } catch { return .skipped(error.reason) }
  }

  /// The same for a photograph of `source`; nil where it has none of that name.
  ///
  /// - Parameter seen: gets the file's bytes.
  /// - Throws: what the machine fails at, tried again before; it is never the outcome of a photograph.
  package func read(
    _ fileName: String, of source: PhotographSource, into pixels: inout [UInt8], at place: Int,
    seen: (RawSpan) -> Void = { _ in }
  ) throws -> PhotographOutcome? {
    do {
      return try source.withBytes(of: fileName, buffer: &file) { bytes in
        seen(bytes)
        return read(bytes, into: &pixels, at: place)
      }
    } catch let error as InputError where error.errorNumber == nil {
      // The content is at fault: no regular file, or a damaged entry of an archive.
      return .skipped(error.problem)
    }
  }
}
