import Random
import Weights

/// Writes a MobileNetV2 of small width under torchvision's names, its weights made up: enough to run every layer.
func writeSmallNetwork(to path: String, changing seed: UInt64 = 1) throws {
  var random = SplitMix64(seed: seed)
  var tensors: [NamedTensor] = []
  func add(_ name: String, _ shape: [Int], scale: Float) {
    let count = shape.reduce(1, *)
    tensors.append(
      NamedTensor(name: name, shape: shape, values: (0..<count).map { _ in random.uniform(-scale, scale) }))
  }
  func addNorm(_ name: String, _ channels: Int) {
    for (suffix, value) in [("weight", 1), ("bias", 0.1), ("running_mean", 0), ("running_var", 1)] as [(String, Float)]
    {
      tensors.append(
        NamedTensor(name: name + "." + suffix, shape: [channels], values: [Float](repeating: value, count: channels)))
    }
  }
  func addConvolution(_ name: String, _ norm: String, _ shape: [Int]) {
    let fanIn = Float(shape[1] * shape[2] * shape[3])
    add(name + ".weight", shape, scale: (6 / fanIn).squareRoot())
    addNorm(norm, shape[0])
  }

  addConvolution("features.0.0", "features.0.1", [8, 3, 3, 3])
  var input = 8
  let widths = [8, 8, 8, 8, 8, 8, 16, 16, 16, 16, 16, 16, 16, 24, 24, 24, 24]
  for (index, output) in widths.enumerated() {
    let name = "features.\(index + 1).conv"
    let expanded = index == 0 ? input : input * 6
    if index > 0 { addConvolution(name + ".0.0", name + ".0.1", [expanded, input, 1, 1]) }
    let depthwise = index == 0 ? name + ".0" : name + ".1"
    addConvolution(depthwise + ".0", depthwise + ".1", [expanded, 1, 3, 3])
    addConvolution(
      index == 0 ? name + ".1" : name + ".2", index == 0 ? name + ".2" : name + ".3", [output, expanded, 1, 1])
    input = output
  }
  addConvolution("features.18.0", "features.18.1", [1280, input, 1, 1])
  try writeSafetensors(tensors, to: path)
}
