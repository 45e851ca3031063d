import Diagnostics
import FeatureNetworks
import Files
import Kernels
import TestSupport
import Testing
import Weights

struct MobileNetV2Tests {
  /// The maps and pooled features of some photographs.
  private func features(_ network: any FeatureNetwork, _ photographs: [UInt8]) -> (grid: [Float], pooled: [Float]) {
    let count = photographs.count / network.photographByteCount
    let extractor = FeatureExtractor(network, rows: count, includesGrid: true)
    for group in FeatureExtractor.groups(of: 0..<count, for: network) {
      let bytes = photographs.byteSpan.extracting(
        group.lowerBound * network.photographByteCount..<group.upperBound * network.photographByteCount)
      extractor.describe(bytes, images: group.count, row: group.lowerBound)
    }
    return (extractor.grid, extractor.pooled)
  }

  private func largest(_ values: [Float]) -> Float { values.reduce(0) { max($0, abs($1)) } }
  private func difference(_ left: [Float], _ right: [Float]) -> Float {
    #expect(left.count == right.count)
    return zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  /// torchvision in f64, from Tests/References/mobilenet_v2.py: other widths, odd sizes, batch norm that is no identity. The
  /// formula's weights amplify rounding: torch's own f32 is up to 7.9e-5 of the map's maximum away.
  @Test(arguments: [("0.35", 112, 112), ("1.0", 64, 96), ("0.75", 50, 71), ("1.4", 33, 32)])
  func equalsTorchvision(_ width: String, _ height: Int, _ columns: Int) throws {
    let golden = try SafetensorsFile(path: SharedData.repository + "/Tests/References/mobilenet_v2.safetensors")
    let name = "\(width)_\(height)x\(columns)"
    let (pooled, grid) = (try golden.tensor(name + ".pooled"), try golden.tensor(name + ".grid"))
    let network = try MobileNetV2(
      weights: formulaWeights(width: try #require(Double(width))), file: "formula", height: height, width: columns)
    #expect(network.channels == pooled.shape[1])
    #expect([network.gridHeight, network.gridWidth] == Array(grid.shape[2...]))
    let photographs = (0..<2 * 3 * height * columns).map { UInt8(mixed($0, seed: 999) >> 24) }
    let found = features(network, photographs)
    let pixels = network.gridPixels
    let kept = (0..<2 * network.channels).filter { $0 % network.channels % 40 == 0 }
    let some = kept.flatMap { Array(found.grid[$0 * pixels..<($0 + 1) * pixels]) }
    #expect(difference(some, grid.values) <= 6e-5 * largest(grid.values))
    #expect(difference(found.pooled, pooled.values) <= 6e-5 * largest(grid.values))
  }

  /// The demo's network; and pixels, so that no level may differ in either.
  @Test func bitsDoNotDependOnTheCPULevel() throws {
    let weights = try loadWeights(path: SharedData.repository + "/pipelines/demo-weights.safetensors")
    let network = try MobileNetV2(weights: weights, file: "demo-weights", height: 112, width: 112)
    let photographs = (0..<3 * network.photographByteCount).map { UInt8(mixed($0, seed: 6) >> 24) }
    let found = CPULevel.available.map { level in
      CPULevel.use(level)
      return features(network, photographs)
    }
    CPULevel.use(nil)
    for other in found.dropFirst() { #expect(other.grid == found[0].grid && other.pooled == found[0].pooled) }
  }

  @Test func bitsDoNotDependOnTheBatch() throws {
    let network = try MobileNetV2(weights: formulaWeights(width: 0.35), file: "formula", height: 112, width: 112)
    let photographs = (0..<11 * network.photographByteCount).map { UInt8(mixed($0, seed: 5) >> 24) }
    let together = features(network, photographs)
    let size = network.channels * network.gridPixels
    for index in [0, 3, 7, 8, 10] {
      let alone = features(
        network, Array(photographs[index * network.photographByteCount..<(index + 1) * network.photographByteCount]))
      #expect(alone.grid == Array(together.grid[index * size..<(index + 1) * size]))
      #expect(alone.pooled == Array(together.pooled[index * network.channels..<(index + 1) * network.channels]))
    }
  }

  @Test(.enabled(if: SharedData.path != nil, "\(SharedData.skipReason)"))
  func referencePhotographs() throws {
    let folder = try #require(SharedData.path) + "/weights/"
    let reference = try SafetensorsFile(path: folder + "reference_features.safetensors")
    let photographs = try reference.tensor("uint8").values.map { UInt8($0) }
    let grid = try reference.tensor("features_1280x4x4").values
    let pooled = try reference.tensor("pooled_1280").values
    var digests: Set<String> = []
    for name in ["mobilenet_v2.safetensors", "mobilenet_v2.pth"] {
      let weights = try loadWeights(path: folder + name)
      digests.insert(contentDigest(of: weights))
      let network = try MobileNetV2(weights: weights, file: name, height: 112, width: 112)
      let found = features(network, photographs)
      #expect(difference(found.grid, grid) <= 1e-5 * largest(grid), "\(name)")
      #expect(difference(found.pooled, pooled) <= 1e-5 * largest(grid), "\(name)")
    }
    #expect(digests.count == 1)
  }

  @Test func namesTheFirstTensorThatDoesNotFit() {
    func message(_ change: (inout [NamedTensor]) -> Void) -> String {
      var tensors = formulaWeights(width: 0.35)
      change(&tensors)
      do {
        _ = try MobileNetV2(weights: tensors, file: "w.pth", height: 32, width: 32)
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      message { $0.removeAll { $0.name == "features.3.conv.1.1.running_var" } }.contains(
        "features.3.conv.1.1.running_var"))
    #expect(
      message { $0.removeAll { $0.name.hasPrefix("features.17.") } }.contains("features.17.conv.0.0.weight: is missing")
    )
    let misshapen = message { tensors in
      if let index = tensors.firstIndex(where: { $0.name == "features.2.conv.2.weight" }) {
        tensors[index].shape[1] -= 1
      }
    }
    #expect(misshapen.contains("features.2.conv.2.weight: has the shape [8, 47, 1, 1], expected [any, 48, 1, 1]"))
    #expect(
      message { $0 = [NamedTensor(name: "conv1.weight", shape: [1], values: [0])] }.contains(
        "features.0.0.weight: is missing"))
    #expect(
      message { $0.append(NamedTensor(name: "features.19.0.weight", shape: [1], values: [0])) }.contains(
        "features.19.0.weight"))
  }
}
