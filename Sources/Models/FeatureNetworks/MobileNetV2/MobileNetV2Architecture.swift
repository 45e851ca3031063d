import Diagnostics
import Kernels
import Weights

/// The layers of torchvision's `mobilenet_v2().features` as the tensors' shapes tell them; any width multiplier.
struct MobileNetV2Architecture {
  /// Strides of the seventeen inverted residuals (table 2 of Sandler et al. 2018).
  static let strides = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]

  private let tensors: [String: NamedTensor]
  private let file: String

  init(_ tensors: [NamedTensor], file: String) throws(InputError) {
    self.tensors = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.file = file
  }

  private func fail(_ name: String, _ problem: String) -> InputError {
    InputError(
      file: file, at: "tensor \(name)", problem,
      remedy: "give weights of torchvision's mobilenet_v2 (state_dict, .pth or .safetensors)")
  }

  /// The tensor called `name`, whose shape must be `shape`; nil there means any size.
  private func tensor(_ name: String, _ shape: [Int?]) throws(InputError) -> NamedTensor {
    let expected = "[" + shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]"
    guard let tensor = tensors[name] else { throw fail(name, "is missing; its shape should be \(expected)") }
    guard tensor.shape.count == shape.count,
      zip(tensor.shape, shape).allSatisfy({ $0 > 0 && $0 <= 65536 && ($1 == nil || $0 == $1) })
    else { throw fail(name, "has the shape \(tensor.shape), expected \(expected)") }
    return tensor
  }

  /// A convolution and its batch norm as one: w·γ/√(σ²+ε), β − μ·γ/√(σ²+ε), with ε = 1e-5.
  private func folded(_ convolution: String, _ norm: String, _ shape: [Int?]) throws(InputError) -> FoldedConvolution {
    var weights = try tensor(convolution + ".weight", shape)
    let channels = weights.shape[0]
    let gamma = try tensor(norm + ".weight", [channels]).values
    let beta = try tensor(norm + ".bias", [channels]).values
    let mean = try tensor(norm + ".running_mean", [channels]).values
    let variance = try tensor(norm + ".running_var", [channels]).values
    let size = weights.values.count / channels
    var bias: [Float] = []
    for channel in 0..<channels {
      let scale = Double(gamma[channel]) / (Double(variance[channel]) + 1e-5).squareRoot()
      guard scale.isFinite else { throw fail(norm + ".running_var", "channel \(channel) is \(variance[channel])") }
      bias.append(Float(Double(beta[channel]) - Double(mean[channel]) * scale))
      for index in channel * size..<(channel + 1) * size {
        weights.values[index] = Float(Double(weights.values[index]) * scale)
      }
    }
    return FoldedConvolution(weights: weights.values, bias: bias)
  }

  /// The network for photographs of `height` × `width`: seventeen blocks (the first with the stem in it) and the last 1×1.
  func network(height: Int, width: Int) throws(InputError) -> (blocks: [ConvolutionBlock], last: PointwiseConvolution) {
    let stem = try folded("features.0.0", "features.0.1", [nil, 3, 3, 3])
    var blocks: [ConvolutionBlock] = []
    var (channels, height, width) = (stem.bias.count, height, width)
    for (index, stride) in Self.strides.enumerated() {
      let name = "features.\(index + 1).conv"
      let first: FoldedConvolution
      if index == 0 {
        first = stem
      } else {
        first = try folded(name + ".0.0", name + ".0.1", [nil, channels, 1, 1])
      }
      let expanded = first.bias.count
      let depthwiseName = index == 0 ? name + ".0" : name + ".1"
      let depthwise = try folded(depthwiseName + ".0", depthwiseName + ".1", [expanded, 1, 3, 3])
      let (projectionName, normName) = index == 0 ? (name + ".1", name + ".2") : (name + ".2", name + ".3")
      let projection = try folded(projectionName, normName, [nil, expanded, 1, 1])
      let shape = ConvolutionBlockShape(
        first: index == 0 ? .stem : .expansion, inputChannels: index == 0 ? 3 : channels, expandedChannels: expanded,
        outputChannels: projection.bias.count, stride: stride,
        hasResidual: index > 0 && stride == 1 && channels == projection.bias.count, height: height, width: width)
      blocks.append(ConvolutionBlock(shape, first: first, depthwise: depthwise, projection: projection))
      (channels, height, width) = (shape.outputChannels, shape.outputHeight, shape.outputWidth)
    }
    if let extra = tensors.keys.filter({ $0.hasPrefix("features.19.") }).min() {
      throw fail(extra, "is not part of mobilenet_v2, which ends at features.18")
    }
    let last = try folded("features.18.0", "features.18.1", [nil, channels, 1, 1])
    return (blocks, PointwiseConvolution(last, inputChannels: channels, clamps: true))
  }
}
