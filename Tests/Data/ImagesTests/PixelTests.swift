import Diagnostics
import Files
import Images
import JPEG
import JSON
import Random
import TestSupport
import Testing

/// Against what Pillow makes of the same files: Tests/References/make_pixels.py.
@Suite struct PixelTests {
  static let folder = FileSystem.join(SharedData.repository, "Tests/References/jpegs")

  static func cases() throws -> [JSONValue] {
    try JSONValue(parsing: FileSystem.readText(FileSystem.join(folder, "pixels.json"))).array ?? []
  }

  static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  @Test func everyCaseEqualsPillow() throws {
    var compared = 0
    for item in try Self.cases() {
      let name = try #require(item["file"]?.string)
      let file = try MappedFile(path: FileSystem.join(Self.folder, name))
      guard let expected = item["pixels"]?.string else {
        #expect(throws: JPEGFailure.self, "\(name)") { try ImageReader(ImageOptions()).read(file.bytes) }
        continue
      }
      let options = ImageOptions(
        size: try #require(item["size"]?.integer), fit: try #require(Fit(rawValue: item["fit"]?.string ?? "")),
        resampling: try #require(Resampling(rawValue: item["resampling"]?.string ?? "exact")))
      let (pixels, warning) = try ImageReader(options).read(file.bytes)
      #expect(pixels == Self.bytes(expected), "\(name) \(options)")
      #expect(warning == nil)
      compared += 1
    }
    #expect(compared > 25)
  }

  @Test func oneReaderGivesTheSameAsManyInAnyOrder() throws {
    let reader = ImageReader(ImageOptions(size: 16))
    for item in try (Self.cases() + Self.cases().reversed()) where item["size"]?.integer == 16 {
      guard item["fit"]?.string == "stretch", let expected = item["pixels"]?.string else { continue }
      let file = try MappedFile(path: FileSystem.join(Self.folder, try #require(item["file"]?.string)))
      #expect(try reader.read(file.bytes).pixels == Self.bytes(expected))
    }
  }

  @Test func everyByteCutOffIsNoticed() throws {
    let whole = try contents(of: FileSystem.join(Self.folder, "rgb422.jpg"))
    let reader = ImageReader(ImageOptions(size: 8))
    for count in 0..<whole.count {
      let cut = Array(whole[..<count])
      // Only the end marker is dispensable.
      if let warning = try? reader.read(cut.byteSpan).warning {
        #expect(count >= whole.count - 2, "\(count) of \(whole.count) bytes: \(warning)")
      }
    }
  }

  @Test func flippedBytesNeverCrash() throws {
    let reader = ImageReader(ImageOptions(size: 8))
    var random = SplitMix64(seed: 1)
    for name in ["rgb420.jpg", "progressive.jpg", "restarts.jpg", "turned6.jpg", "cmyk.jpg"] {
      let whole = try contents(of: FileSystem.join(Self.folder, name))
      for _ in 0..<300 {
        var broken = whole
        for _ in 0..<3 {
          broken[random.index(below: whole.count)] = UInt8(random.index(below: 256))
        }
        _ = try? reader.read(broken.byteSpan)
      }
    }
  }

  @Test(.enabled(if: SharedData.path != nil, "\(SharedData.skipReason)")) func fastModeIsNearExactMode() throws {
    let folder = FileSystem.join(try #require(SharedData.path), "photos")
    let exact = ImageReader(ImageOptions())
    let fast = ImageReader(ImageOptions(resampling: .fast))
    var sum = 0
    var count = 0
    for name in try FileSystem.list(folder).filter({ $0.hasSuffix(".jpg") }).prefix(100) {
      let file = try MappedFile(path: FileSystem.join(folder, name))
      let (one, other) = try (exact.read(file.bytes).pixels, fast.read(file.bytes).pixels)
      for index in one.indices { sum += abs(Int(one[index]) - Int(other[index])) }
      count += one.count
    }
    let mean = Double(sum) / Double(count)
    #expect(mean <= 1.5 && mean > 0.01, "mean absolute difference \(mean)")
  }
}
