import CJPEG
import Files

/// Why a picture can't be decoded.
package struct JPEGFailure: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Kind: String, Sendable {
    /// libjpeg can't read on.
    case corrupt
    /// The bytes end before the picture does.
    case truncated
    /// More pixels, scans or memory than allowed.
    case limit
  }
  package var kind: Kind
  /// What was wrong, mostly in libjpeg's words.
  package var reason: String

  package init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }

  package var description: String { reason }
}

/// What one picture may cost, whatever its bytes claim. Nothing is claimed from the system before it is known to be within.
package struct JPEGLimits: Sendable {
  /// Of the file.
  package var bytes = FileSystem.wholeFileLimit
  /// Width times height. The default is the number at which Pillow suspects a decompression bomb.
  package var pixels = 178_956_970
  /// Scans of a progressive picture: each costs a pass over all of it.
  package var scans = 500
  /// Pixels times scans, two or three seconds' work: 16 scans of the largest picture, 57 of 50 megapixels. Photographs have about ten.
  package var scannedPixels = 16 * 178_956_970
  /// Bytes that libjpeg and the reader may hold together. Baseline pictures take a few rows, progressive ones 3 to 6 bytes a pixel.
  package var memory = 1 << 30
  /// Memory that any file may ask for, and how much more each of its bytes may: a few kilobytes that claim to be a large progressive
  /// picture get none of it. A photograph's progressive file has at least a byte for 100 of memory.
  package var freeMemory = 128 << 20
  package var memoryPerByte = 400

  package init() {}

  /// What a file of `byteCount` bytes may hold.
  func memory(forFileOf byteCount: Int) -> Int {
    let (own, overflow) = byteCount.multipliedReportingOverflow(by: memoryPerByte)
    return overflow || own > memory - freeMemory ? memory : max(0, min(memory, freeMemory + own))
  }
}

/// What the decoder hands on before the first row.
package struct JPEGGeometry: Equatable, Sendable {
  /// As the file says.
  package var width, height: Int
  /// As decoded: the above by 1/denominator, rounded up.
  package var outputWidth, outputHeight: Int
  package var denominator: Int
}

/// Decodes JPEG files of 1, 3 or 4 components to RGB, row by row: slow integer DCT and fancy upsampling, as Pillow does.
///
/// One decoder serves one thread, for any number of pictures. Its row buffer is reused.
@safe package final class JPEGDecoder {
  private let handle: OpaquePointer
  private var rows: [UInt8] = []
  package let limits: JPEGLimits
  /// Rows that are handed on at once.
  package static let rowsPerBatch = 16

  package init(limits: JPEGLimits = JPEGLimits()) {
    self.limits = limits
    guard let handle = unsafe captioneer_jpeg_create() else { preconditionFailure("no memory") }
    unsafe self.handle = handle
  }

  deinit { unsafe captioneer_jpeg_destroy(handle) }

  /// Decodes one picture.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - padding: bytes that may be read beyond each row.
  ///   - denominator: chooses 1, 2, 4 or 8 from the picture's width and height.
  ///   - begin: called once, before anything is claimed; tells how many bytes the caller will hold besides.
  ///   - consume: gets u8 [count, stride], rows of interleaved RGB, and their stride and count.
  /// - Returns: what libjpeg found corrupt and mended, or nil.
  package func decode(
    _ bytes: RawSpan, padding: Int, denominator: (_ width: Int, _ height: Int) -> Int,
    begin: (JPEGGeometry) -> Int, consume: (_ rows: RawSpan, _ stride: Int, _ count: Int) -> Void
  ) throws(JPEGFailure) -> String? {
    guard bytes.byteCount <= limits.bytes else {
      throw JPEGFailure(.limit, "\(bytes.byteCount) bytes are more than the limit of \(limits.bytes)")
    }
    return try unsafe bytes.withUnsafeBytes { (bytes) throws(JPEGFailure) -> String? in
      try check(
        unsafe captioneer_jpeg_open(
          handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
          captioneer_jpeg_limits(
            pixels: Int64(limits.pixels), scans: Int32(limits.scans), scanned_pixels: Int64(limits.scannedPixels),
            memory: Int64(limits.memory(forFileOf: bytes.count)))))
      let width = Int(unsafe captioneer_jpeg_width(handle))
      let height = Int(unsafe captioneer_jpeg_height(handle))
      let components = Int(unsafe captioneer_jpeg_components(handle))
      guard [1, 3, 4].contains(components) else {
        throw JPEGFailure(.corrupt, "\(components) colour components; 1, 3 or 4 can be turned into RGB")
      }
      let scale = denominator(width, height)
      try check(unsafe captioneer_jpeg_scale(handle, Int32(scale)))
      let geometry = JPEGGeometry(
        width: width, height: height, outputWidth: Int(unsafe captioneer_jpeg_output_width(handle)),
        outputHeight: Int(unsafe captioneer_jpeg_output_height(handle)), denominator: scale)
      let stride = geometry.outputWidth * max(3, components) + padding
      let held = begin(geometry) + stride * Self.rowsPerBatch
      try check(unsafe captioneer_jpeg_start(handle, Int64(held)))
      if rows.count < stride * Self.rowsPerBatch { rows = [UInt8](repeating: 0, count: stride * Self.rowsPerBatch) }
      var done = 0
      while done < geometry.outputHeight {
        let count = min(Self.rowsPerBatch, geometry.outputHeight - done)
        try check(unsafe captioneer_jpeg_read(handle, &rows, stride, Int32(count)))
        consume(rows.byteSpan, stride, count)
        done += count
      }
      // All rows are there: a missing end marker is forgiven, as Pillow does.
      let last = unsafe captioneer_jpeg_finish(handle)
      if last != captioneer_jpeg_truncated { try check(last) }
      let warnings = unsafe captioneer_jpeg_warnings(handle)
      guard warnings > 0 else {
        return last == captioneer_jpeg_ok ? nil : unsafe String(cString: captioneer_jpeg_message(handle))
      }
      let first = unsafe String(cString: captioneer_jpeg_warning(handle))
      return warnings == 1 ? first : "\(first) (and \(warnings - 1) more)"
    }
  }

  private func check(_ status: captioneer_jpeg_status) throws(JPEGFailure) {
    let kind: JPEGFailure.Kind
    switch status {
    case captioneer_jpeg_ok: return
    case captioneer_jpeg_truncated: kind = .truncated
    case captioneer_jpeg_limit: kind = .limit
    default: kind = .corrupt
    }
    throw JPEGFailure(kind, unsafe String(cString: captioneer_jpeg_message(handle)))
  }
}
