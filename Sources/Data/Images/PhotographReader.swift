import Diagnostics
import Files
import JPEG

/// What a photograph's bytes came to.
package enum PhotographVerdict: Equatable, Sendable {
  /// Decoded without complaint.
  case sound
  /// Decoded, though libjpeg found the data corrupt and mended them.
  case mended(String)
  /// Not decoded: the content is at fault.
  case unreadable(String)
}

/// The one way from a photograph to its pixels, with one verdict on it: for the images cache, for loose photographs and for the
/// benchmark alike. One reader serves one thread.
package final class PhotographReader {
  private let reader: ImageReader
  private var file: [UInt8] = []

  package init(_ options: ImageOptions) { reader = ImageReader(options) }

  /// Bytes of one photograph's pixels, u8 [3, size, size].
  package var byteCount: Int { reader.options.byteCount }

  /// Decodes the JPEG file `bytes` into the photograph at `place` of `pixels`, u8 [photographs, 3, size, size].
  ///
  /// Where it is unreadable the pixels are undefined.
  package func read(_ bytes: RawSpan, into pixels: inout [UInt8], at place: Int) -> PhotographVerdict {
    var span = pixels.mutableSpan
    var target = span._mutatingExtracting(place * byteCount..<(place + 1) * byteCount)
    do {
      return try reader.read(bytes, into: &target).map { .mended($0) } ?? .sound
    } catch { return .unreadable(error.reason) }
  }

  /// The same for a photograph of `source`; nil where it has none of that name.
  ///
  /// - Parameter seen: gets the file's bytes.
  /// - Throws: what the machine fails at, tried again before; it is never a verdict on a photograph.
  package func read(
    _ fileName: String, of source: PhotographSource, into pixels: inout [UInt8], at place: Int,
    seen: (RawSpan) -> Void = { _ in }
  ) throws -> PhotographVerdict? {
    do {
      return try source.withBytes(of: fileName, buffer: &file) { bytes in
        seen(bytes)
        return read(bytes, into: &pixels, at: place)
      }
    } catch let error as InputError where error.errorNumber == nil {
      // The content is at fault: no regular file, or a damaged entry of an archive.
      return .unreadable(error.problem)
    }
  }
}
