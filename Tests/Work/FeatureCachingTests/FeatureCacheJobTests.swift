import Caches
import Diagnostics
import FeatureCaching
import FeatureNetworks
import Files
import JSON
import TestSupport
import Testing
import Weights

struct FeatureCacheJobTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }
  private var images: String { folder + "/images.h5" }
  private var weights: String { folder + "/weights.safetensors" }
  private static let rows = 150
  private static let size = 40

  private func hash(_ index: Int) -> UInt32 {
    var hash = UInt32(truncatingIfNeeded: index) &* 2_654_435_761
    hash ^= hash >> 15
    hash = hash &* 2_246_822_519
    return hash ^ hash >> 13
  }

  init() throws {
    temporary = try TemporaryFolder()
    try writeImages(to: folder + "/images.h5", selection: "first")
    try writeSafetensors(smallNetwork(), to: folder + "/weights.safetensors")
  }

  private func writeImages(to path: String, selection: String) throws {
    let rowByteCount = 3 * Self.size * Self.size
    let writer = try CacheWriter(
      path: path, journalIdentity: "test",
      datasets: [RowDataset("images", .uint8, rowShape: [3, Self.size, Self.size], description: "pixels")],
      maximumRows: Self.rows, inputCount: Self.rows, inputsPerBlock: Self.rows)
    let pixels = (0..<Self.rows * rowByteCount).map { UInt8(hash($0) >> 24) }
    try writer.commit(block: 0, rowCount: Self.rows, note: "") { sink throws in
      try sink.append(dataset: 0, pixels.byteSpan)
    }
    let identity = CacheIdentity(
      format: "captioneer.images", formatVersion: 1, stage: "decode-images", codeVersion: 1,
      configuration: ["selection": ["mode": .string(selection)], "size": 40], inputs: [:], splits: ["train", "val"])
    try writer.publish(
      identity,
      columns: [
        NamedColumn("image_ids", .int64((0..<Self.rows).map { Int64(1000 - $0) }), description: "ids"),
        NamedColumn("split", .uint8((0..<Self.rows).map { $0 < 100 ? 0 : 1 }), description: "split"),
        // One photograph more than there are rows.
        NamedColumn("ledger/image_ids", .int64([7] + (0..<Self.rows).map { Int64(1000 - $0) }), description: "ids"),
        NamedColumn(
          "ledger/file_names", .text(["bad.jpg"] + (0..<Self.rows).map { "\($0).jpg" }), description: "names"),
        NamedColumn(
          "ledger/sizes", .int32([1, 1] + (0..<Self.rows).flatMap { [Int32($0), 480] }), shape: [Self.rows + 1, 2],
          description: "sizes"),
        NamedColumn(
          "ledger/statuses", .text(["skipped"] + [String](repeating: "ok", count: Self.rows)), description: "statuses"),
      ])
  }

  /// mobilenet_v2 with eight channels nearly everywhere; only the shapes matter here.
  private func smallNetwork() -> [NamedTensor] {
    var tensors: [NamedTensor] = []
    func add(_ name: String, _ shape: [Int]) {
      let values = (0..<shape.reduce(1, *)).map { Float(hash($0 &+ tensors.count &* 7919) >> 8) / 16_777_216 - 0.5 }
      tensors.append(
        NamedTensor(name: name, shape: shape, values: name.hasSuffix("running_var") ? values.map { $0 + 1 } : values))
    }
    func convolution(_ name: String, _ norm: String, _ shape: [Int]) {
      add(name + ".weight", shape)
      for part in ["weight", "bias", "running_mean", "running_var"] { add("\(norm).\(part)", [shape[0]]) }
    }
    convolution("features.0.0", "features.0.1", [8, 3, 3, 3])
    for index in 1...17 {
      let name = "features.\(index).conv"
      let expanded = index == 1 ? 8 : 16
      if index > 1 { convolution(name + ".0.0", name + ".0.1", [expanded, 8, 1, 1]) }
      let place = index == 1 ? 0 : 1
      convolution("\(name).\(place).0", "\(name).\(place).1", [expanded, 1, 3, 3])
      convolution("\(name).\(place + 1)", "\(name).\(place + 2)", [8, expanded, 1, 1])
    }
    convolution("features.18.0", "features.18.1", [40, 8, 1, 1])
    return tensors
  }

  private func extract(
    _ name: String, grid: Bool = true, precision: FeatureCacheOptions.Precision = .f32, threads: Int = 1,
    weights: String? = nil, progress: any ProgressReporter = SilentProgress()
  ) throws -> String {
    let output = folder + "/" + name
    let options = FeatureCacheOptions(
      imagesCache: images, weights: weights ?? self.weights, output: output, includesGrid: grid, precision: precision)
    _ = try FeatureCacheJob(options).run(threads: threads, progress: progress)
    return output
  }

  private func bytes(_ path: String) throws -> [UInt8] {
    let file = try MappedFile(path: path)
    return file.bytes.values(at: 0, count: file.count)
  }

  @Test func threadsAndInterruptionsLeaveNoTrace() throws {
    let one = try bytes(extract("one.h5", threads: 1))
    #expect(try bytes(extract("two.h5", threads: 2)) == one)
    for threads in [1, 2] {
      let name = "stopped\(threads).h5"
      #expect(throws: Interrupted.self) {
        try extract(name, threads: threads, progress: StoppingProgress(after: 64))
      }
      #expect(!FileSystem.isFile(folder + "/" + name))
      #expect(try bytes(extract(name, threads: 2)) == one)
    }
  }

  @Test func whatTheCacheSays() throws {
    let cache = try CacheReader(path: try extract("said.h5"), format: "captioneer.features")
    let pooled = try cache.rows("pooled")
    let grid = try cache.rows("grid")
    #expect(pooled.shape == [Self.rows, 40] && grid.shape == [Self.rows, 40, 2, 2])
    for row in [0, 77, Self.rows - 1] {
      for channel in 0..<40 {
        var sum: Float = 0
        for pixel in 0..<4 { sum += grid.floats[(row * 40 + channel) * 4 + pixel] }
        #expect(abs(pooled.floats[row * 40 + channel] - sum / 4) < 1e-5)
      }
    }
    #expect(try cache.int64("image_ids").prefix(2) == [1000, 999])
    #expect(try cache.uint8("split")[100] == 1)
    #expect(try cache.text("image_files").prefix(2) == ["0.jpg", "1.jpg"])
    #expect(try cache.int32("image_sizes").suffix(2) == [Int32(Self.rows - 1), 480])
    #expect(cache.identity.splits == ["train", "val"])
    #expect(cache.identity.configuration["selection"]?["mode"]?.string == "first")
    #expect(cache.identity.inputs["weights"]?.string == contentDigest(of: smallNetwork()))
    try cache.verifyChecksums("pooled")
  }

  @Test func halvesAreTheRoundedFloats() throws {
    let single = try CacheReader(path: try extract("f32.h5", grid: false), format: "captioneer.features")
    let half = try CacheReader(path: try extract("f16.h5", grid: false, precision: .f16), format: "captioneer.features")
    let floats = try single.rows("pooled")
    let halves = try half.rows("pooled")
    #expect(halves.elementType == .float16)
    for index in 0..<Self.rows * 40 {
      #expect(halves.bytes.value(at: index * 2, as: Float16.self) == Float16(floats.floats[index]))
    }
    #expect(single.fingerprint != half.fingerprint)
    #expect(try !single.has("grid"))
  }

  @Test func damagedPhotographsAreNamed() throws {
    let offset = try CacheReader(path: images, format: "captioneer.images").rows("images")
    let content = try bytes(images)
    let row = offset.row(70).values(at: 0, count: 64, as: UInt8.self)
    let place = try #require((0..<content.count - 64).first { Array(content[$0..<$0 + 64]) == row })
    var damaged = content
    damaged[place + 5] ^= 1
    try FileSystem.replace(images, with: damaged)
    do {
      _ = try extract("damaged.h5")
      Issue.record("a damaged photograph went through")
    } catch { #expect("\(error)".contains("images row 70"), "\(error)") }
  }

  @Test func weightsAreLookedForByPathThenFolder() throws {
    #expect(try FeatureNetworkKind.mobileNetV2.weights.find(path: nil, folder: folder) == nil)
    try writeSafetensors(smallNetwork(), to: folder + "/mobilenet_v2.safetensors")
    #expect(
      try FeatureNetworkKind.mobileNetV2.weights.find(path: nil, folder: folder) == folder + "/mobilenet_v2.safetensors"
    )
    #expect(throws: InputError.self) {
      try FeatureNetworkKind.mobileNetV2.weights.find(path: folder + "/none.pth", folder: folder)
    }
  }

  /// curl reads file: addresses too, so no network is needed.
  @Test func downloadsAreChecked() throws {
    func message(_ url: String) -> String {
      do {
        _ = try FeatureNetworkKind.mobileNetV2.weights.download(into: folder + "/weights", isQuiet: true, from: url)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("file://\(weights)").contains("expected b03531047ffacf1e…"))
    let missing = message("file:///nowhere/at/all")
    #expect(missing.contains("could not be downloaded") && missing.contains("put it there"), "\(missing)")
    #expect(try FileSystem.list(folder + "/weights") == [])
  }
}
