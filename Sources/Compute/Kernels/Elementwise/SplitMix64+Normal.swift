package import Random

extension SplitMix64 {
  /// Normally distributed, mean 0 and deviation 1 (Box & Muller 1958, the cosine branch), with our own log and cosine: the same bits
  /// on every host.
  package mutating func normal() -> Double {
    let radius = (-2 * Elementary.log(1 - uniform())).squareRoot()
    return radius * Elementary.cos(2 * Double.pi * uniform())
  }
}
