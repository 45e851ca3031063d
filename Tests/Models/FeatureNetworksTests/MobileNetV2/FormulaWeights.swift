import Weights

/// The hash of Tests/References/mobilenet_v2.py.
func mixed(_ index: Int, seed: Int) -> UInt32 {
  var hash = UInt32(truncatingIfNeeded: index &* 2_654_435_761 &+ seed &* 40503 &+ 12345)
  hash ^= hash >> 15
  hash = hash &* 2_246_822_519
  hash ^= hash >> 13
  return hash
}

/// The state_dict of torchvision's `mobilenet_v2(width_mult:)`, in its order, with the values of Tests/References/mobilenet_v2.py.
func formulaWeights(width: Double) -> [NamedTensor] {
  func divisible(_ value: Double) -> Int {
    let rounded = max(8, Int(value + 4) / 8 * 8)
    return Double(rounded) < 0.9 * value ? rounded + 8 : rounded
  }
  var tensors: [NamedTensor] = []
  func add(_ name: String, _ shape: [Int]) {
    let seed = tensors.count
    let count = shape.reduce(1, *)
    let fanIn = shape.dropFirst().reduce(1, *)
    let values = (0..<count).map { index -> Float in
      let u = Double(mixed(index, seed: seed)) / 4_294_967_296
      if shape.count == 4 { return Float((u - 0.5) * 2 * (6 / Double(fanIn)).squareRoot()) }
      return name.hasSuffix("weight") || name.hasSuffix("running_var") ? Float(0.5 + u) : Float((u - 0.5) * 0.4)
    }
    tensors.append(NamedTensor(name: name, shape: shape, values: values))
  }
  func norm(_ name: String, _ channels: Int) {
    for part in ["weight", "bias", "running_mean", "running_var"] { add("\(name).\(part)", [channels]) }
  }
  var channels = divisible(32 * width)
  add("features.0.0.weight", [channels, 3, 3, 3])
  norm("features.0.1", channels)
  var index = 1
  for (expansion, outputs, repeats) in [
    (1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1),
  ] {
    for _ in 0..<repeats {
      let output = divisible(Double(outputs) * width)
      let expanded = channels * expansion
      let name = "features.\(index).conv"
      if expansion > 1 {
        add(name + ".0.0.weight", [expanded, channels, 1, 1])
        norm(name + ".0.1", expanded)
      }
      let depthwise = name + (expansion > 1 ? ".1" : ".0")
      add(depthwise + ".0.weight", [expanded, 1, 3, 3])
      norm(depthwise + ".1", expanded)
      add(name + (expansion > 1 ? ".2" : ".1") + ".weight", [output, expanded, 1, 1])
      norm(name + (expansion > 1 ? ".3" : ".2"), output)
      (channels, index) = (output, index + 1)
    }
  }
  let last = divisible(1280 * max(1, width))
  add("features.18.0.weight", [last, channels, 1, 1])
  norm("features.18.1", last)
  return tensors
}
