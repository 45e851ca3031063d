package import Diagnostics
import Weights

/// What is known of a network before its weights are read.
package struct FeatureNetworkKind: Sendable {
  /// The network that the stages run. A second one is a folder beside MobileNetV2's, and makes this a choice of theirs.
  package static let standard = mobileNetV2

  /// The name by which its makers publish it.
  package let name: String
  /// Where its features are taken.
  package let tap: String
  /// Mean and standard deviation of red, green and blue in 0 ... 1, by which photographs are normalised.
  package let mean: [Float]
  package let standardDeviation: [Float]
  package let weights: PublishedWeights
  /// [channels, height, width] of the map that the published weights give for a photograph of `height` × `width`.
  package let mapShape: @Sendable (_ height: Int, _ width: Int) -> [Int]
  /// The network of these tensors. `file` is named in errors.
  let open:
    @Sendable (_ weights: [NamedTensor], _ file: String, _ height: Int, _ width: Int) throws(InputError) ->
      any FeatureNetwork
}

/// A network's weights as they were read, and what names them.
package struct FeatureWeights: Sendable {
  package let path: String
  /// SHA-256 by content: equal weights in another kind of file are the same.
  package let digest: String
  private let tensors: [NamedTensor]

  /// - Throws: `InputError` for a file that is neither safetensors nor PyTorch's.
  package init(path: String) throws {
    self.path = path
    tensors = try loadWeights(path: path)
    digest = contentDigest(of: tensors)
  }

  /// The network of these weights for photographs of `height` × `width`.
  ///
  /// - Throws: `InputError` naming the first tensor that is missing or has another shape.
  package func network(_ kind: FeatureNetworkKind, height: Int, width: Int) throws(InputError) -> any FeatureNetwork {
    try kind.open(tensors, path, height, width)
  }
}
