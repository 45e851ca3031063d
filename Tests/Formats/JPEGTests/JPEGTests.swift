import Diagnostics
import Files
import JPEG
import TestSupport
import Testing

@Suite struct JPEGTests {
  /// A soft gradient: what baseline compression loses least of.
  static func gradient(width: Int, height: Int) -> [UInt8] {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        pixels.append(UInt8(x * 200 / width))
        pixels.append(UInt8(y * 200 / height))
        pixels.append(UInt8(40 + (x + y) % 3))
      }
    }
    return pixels
  }

  static func decode(_ bytes: [UInt8], denominator: Int = 1, limits: JPEGLimits = JPEGLimits()) throws -> [UInt8] {
    var pixels: [UInt8] = []
    var width = 0
    let warning = try JPEGDecoder(limits: limits).decode(
      bytes.byteSpan, padding: 5, denominator: { _, _ in denominator },
      begin: {
        width = $0.outputWidth
        return 0
      },
      consume: { rows, stride, count in
        for row in 0..<count { pixels += rows.values(at: row * stride, count: 3 * width, as: UInt8.self) }
      })
    #expect(warning == nil)
    return pixels
  }

  @Test func encodingAndDecodingGiveThePictureBack() throws {
    for (width, height) in [(1, 1), (7, 3), (16, 16), (33, 50)] {
      let pixels = Self.gradient(width: width, height: height)
      let file = try encodeJPEG(pixels.byteSpan, width: width, height: height, quality: 95)
      #expect(try encodeJPEG(pixels.byteSpan, width: width, height: height, quality: 95) == file)
      let decoded = try Self.decode(file)
      try #require(decoded.count == pixels.count)
      let largest = zip(decoded, pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(largest <= 12)
    }
  }

  @Test func scaledDecodingRoundsSidesUp() throws {
    let file = try encodeJPEG(Self.gradient(width: 33, height: 50).byteSpan, width: 33, height: 50, quality: 90)
    for (denominator, width, height) in [(1, 33, 50), (2, 17, 25), (4, 9, 13), (8, 5, 7)] {
      #expect(try Self.decode(file, denominator: denominator).count == 3 * width * height)
    }
  }

  @Test func limitsAreErrors() throws {
    let file = try encodeJPEG(Self.gradient(width: 33, height: 50).byteSpan, width: 33, height: 50, quality: 90)
    var limits = JPEGLimits()
    limits.pixels = 33 * 50 - 1
    #expect(throws: JPEGFailure(.limit, "33 x 50 pixels are more than the limit of 1649")) {
      _ = try Self.decode(file, limits: limits)
    }
    let bytes = try contents(of: FileSystem.join(SharedData.repository, "Tests/References/jpegs/progressive.jpg"))
    limits = JPEGLimits()
    limits.scans = 2
    #expect(throws: JPEGFailure(.limit, "more than 2 scans")) { _ = try Self.decode(bytes, limits: limits) }
    limits = JPEGLimits()
    limits.memory = 1000
    #expect(throws: JPEGFailure(.limit, "decoding needs more than 0 MB of memory")) {
      _ = try Self.decode(bytes, limits: limits)
    }
  }

  /// Few bytes that claim much get little: pixels times scans, and memory by the file's own size.
  @Test func workAndMemoryAreBounded() throws {
    let bytes = try contents(of: FileSystem.join(SharedData.repository, "Tests/References/jpegs/progressive.jpg"))
    var limits = JPEGLimits()
    limits.scannedPixels = 1
    #expect {
      _ = try Self.decode(bytes, limits: limits)
    } throws: {
      ($0 as? JPEGFailure)?.kind == .limit && "\($0)".contains("pixels are more than the limit of 1 pixels")
    }
    limits = JPEGLimits()
    (limits.freeMemory, limits.memoryPerByte) = (0, 1)
    #expect(throws: JPEGFailure(.limit, "decoding needs more than 0 MB of memory")) {
      _ = try Self.decode(bytes, limits: limits)
    }
    limits.memoryPerByte = 400
    _ = try Self.decode(bytes, limits: limits)
    limits.bytes = bytes.count - 1
    #expect { _ = try Self.decode(bytes, limits: limits) } throws: { ($0 as? JPEGFailure)?.kind == .limit }
    // A baseline picture of any size needs a few rows only; what the caller holds counts.
    let baseline = try encodeJPEG(Self.gradient(width: 33, height: 50).byteSpan, width: 33, height: 50, quality: 90)
    limits = JPEGLimits()
    limits.memory = 1 << 20
    limits.freeMemory = 1 << 20
    _ = try Self.decode(baseline, limits: limits)
    #expect(throws: JPEGFailure(.limit, "decoding needs more than 1 MB of memory")) {
      _ = try JPEGDecoder(limits: limits).decode(
        baseline.byteSpan, padding: 0, denominator: { _, _ in 1 }, begin: { _ in 1 << 20 }, consume: { _, _, _ in })
    }
  }

  @Test func encodingRefusesWhatCantBe() {
    let pixels = [UInt8](repeating: 0, count: 12)
    #expect(throws: InputError.self) { try encodeJPEG(pixels.byteSpan, width: 2, height: 3, quality: 90) }
    #expect(throws: InputError.self) { try encodeJPEG(pixels.byteSpan, width: 2, height: 2, quality: 0) }
    #expect(throws: InputError.self) { try encodeJPEG(pixels.byteSpan, width: 0, height: 2, quality: 90) }
  }

  @Test func orientationComesFromEXIFElseFromXMP() {
    func segment(_ content: [UInt8]) -> [UInt8] {
      [0xFF, 0xE1, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 0xFF)] + content
    }
    let header = Array("Exif\0\0".utf8)
    let little: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
    let big: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0]
    let xmp = Array("http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"3\"/>".utf8)
    let start: [UInt8] = [0xFF, 0xD8]
    #expect(orientation(ofJPEG: (start + segment(header + little)).byteSpan) == 6)
    #expect(orientation(ofJPEG: (start + segment(header + big)).byteSpan) == 8)
    #expect(orientation(ofJPEG: (start + segment(xmp)).byteSpan) == 3)
    #expect(orientation(ofJPEG: (start + segment(xmp) + segment(header + little)).byteSpan) == 6)
    // Spread over two segments; cut short at every byte.
    let parts = segment(header + little[..<12]) + segment(header + little[12...])
    #expect(orientation(ofJPEG: (start + parts).byteSpan) == 6)
    for count in 0..<little.count {
      let cut = start + segment(header + little[..<count])
      #expect((1...8).contains(orientation(ofJPEG: cut.byteSpan)))
      #expect((1...8).contains(orientation(ofJPEG: Array(cut[..<min(count, cut.count)]).byteSpan)))
    }
  }
}
