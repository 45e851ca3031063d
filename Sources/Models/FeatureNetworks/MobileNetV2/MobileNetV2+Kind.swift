import Diagnostics
import Weights

extension FeatureNetworkKind {
  /// `mobilenet_v2().features` as torchvision publishes it, with ImageNet's mean and standard deviation.
  package static let mobileNetV2 = FeatureNetworkKind(
    name: "mobilenet_v2", tap: "features", mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225],
    weights: PublishedWeights(
      name: "mobilenet_v2-b0353104.pth", folderURL: "https://download.pytorch.org/models/",
      digest: "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
      otherNames: ["mobilenet_v2.safetensors"]),
    // Five halvings, each rounded up.
    mapShape: { height, width in [1280, (height + 31) / 32, (width + 31) / 32] },
    open: { (weights, file, height, width) throws(InputError) in
      try MobileNetV2(weights: weights, file: file, height: height, width: width)
    })
}
