import CJPEG
package import Diagnostics

/// A baseline JFIF file, 4:4:4, the same bytes for the same pixels.
///
/// - Parameters:
///   - pixels: u8 [height, width, 3], red first.
///   - quality: libjpeg's, 1 to 100.
/// - Throws: `InputError` where the size or the quality is out of range.
package func encodeJPEG(_ pixels: RawSpan, width: Int, height: Int, quality: Int) throws(InputError) -> [UInt8] {
  guard 1...65500 ~= width, 1...65500 ~= height, 1...100 ~= quality, pixels.byteCount == width * height * 3 else {
    throw InputError(
      "a JPEG of \(width) x \(height) pixels at quality \(quality) can't be made of \(pixels.byteCount) bytes",
      remedy: "give 3 bytes a pixel, sides of 1 to 65500 and a quality of 1 to 100")
  }
  var output: UnsafeMutablePointer<UInt8>?
  var count = 0
  var message = [CChar](repeating: 0, count: 200)
  let status = unsafe pixels.withUnsafeBytes { bytes in
    unsafe captioneer_jpeg_encode(
      bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), Int32(width), Int32(height), Int32(quality), &output,
      &count, &message)
  }
  guard status == captioneer_jpeg_ok, let output = unsafe output else {
    throw InputError("JPEG encoding failed: \(text(message))")
  }
  defer { unsafe captioneer_jpeg_free(output) }
  return unsafe Array(UnsafeBufferPointer(start: output, count: count))
}

private func text(_ characters: [CChar]) -> String {
  String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
