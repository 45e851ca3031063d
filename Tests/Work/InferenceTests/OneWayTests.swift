import Caches
import Diagnostics
import FeatureCaching
import FeatureNetworks
import Files
import ImageCaching
import Images
import Inference
import JPEG
import JSON
import Kernels
import TestSupport
import Testing

/// A photograph comes to the same features whether it goes through the caches or is captioned as it lies there.
@Suite struct OneWayTests {
  private let folder: TemporaryFolder
  private var photographs: String { folder.path + "/photographs" }
  private static let weights = SharedData.repository + "/pipelines/demo-weights.safetensors"
  private static let count = 21

  /// Photographs of several sizes; one is cut (mended or refused as libjpeg pleases), one is none, one is another kind of file.
  init() throws {
    folder = try TemporaryFolder()
    try FileSystem.makeFolder(photographs)
    for number in 0..<Self.count { try FileSystem.replace(path(number), with: Self.file(number)) }
  }

  private func path(_ number: Int) -> String { photographs + "/\(100 + number).jpg" }

  private static func file(_ number: Int) throws -> [UInt8] {
    if number == 5 { return [] }
    if number == 13 { return Array("no photograph".utf8) }
    let (width, height) = [(64, 48), (48, 64), (33, 90), (150, 120)][number % 4]
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        pixels += [x * 5 + number * 40, y * 7 + x, x * y / 3 + number].map { UInt8(truncatingIfNeeded: $0) }
      }
    }
    let bytes = try encodeJPEG(pixels.byteSpan, width: width, height: height, quality: 85)
    return number == 9 ? Array(bytes.dropLast(30)) : number == 16 ? corrupted(bytes) : bytes
  }

  /// A run of ones, which is no Huffman code, in the middle of the data: libjpeg mends it.
  private static func corrupted(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    let begin = bytes.count / 2
    for place in begin..<begin + 40 { bytes[place] = (place - begin) % 2 == 0 ? 0xFF : 0 }
    return bytes
  }

  @Test(arguments: [ImageOptions(size: 64), ImageOptions(size: 40, fit: .pad, resampling: .fast)])
  func featuresAreTheSameBits(options: ImageOptions) throws {
    let (images, features) = (folder.path + "/images.h5", folder.path + "/features.h5")
    let job = ImageCacheJob(
      splits: [("train", try PhotographSource(path: photographs))],
      photographs: (0..<Self.count).map { Photograph(imageID: Int64($0), fileName: "\(100 + $0).jpg", split: 0) },
      options: options, configuration: [:], annotationDigests: [], maximumFailures: Self.count, threads: 2)
    let summary = try job.run(path: images, progress: SilentProgress())
    let choice = FeatureCacheOptions(
      imagesCache: images, weights: Self.weights, output: features, includesGrid: false, precision: .f32)
    _ = try FeatureCacheJob(choice).run(threads: 2, progress: SilentProgress())

    let network = try FeatureWeights(path: Self.weights).network(
      .mobileNetV2, height: options.size, width: options.size)
    let rows = try FeatureRows(path: features)
    let cached = Matrix(rows: 1, columns: rows.channels)
    for threads in [1, 3] {
      let loose = try LoosePhotographs([photographs]).features(
        0..<Self.count, network, options, threads: threads, progress: SilentProgress())
      #expect(loose.count == Self.count)
      var row = 0
      for (photograph, entry) in zip(loose, summary.ledger) {
        #expect(photograph.failure == (entry.status == .skipped ? entry.reason : nil), "\(entry.fileName)")
        guard photograph.failure == nil else { continue }
        #expect(rows.imageIDs[row] == entry.imageID)
        try rows.copy(row, into: cached)
        #expect(photograph.features.map(\.bitPattern) == cached.values.map(\.bitPattern), "\(entry.fileName)")
        row += 1
      }
      #expect(row == rows.count)
    }
    // All three verdicts are among them.
    #expect(summary.skipped.map(\.imageID).contains(13) && summary.rows > 15)
    #expect(summary.recovered.isEmpty == false)
  }
}
