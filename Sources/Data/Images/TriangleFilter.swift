import Kernels

/// One axis of Pillow's antialiased bilinear filter (`precompute_coeffs` and `normalize_coeffs_8bpc` in
/// src/libImaging/Resample.c), coefficient for coefficient.
struct TriangleFilter {
  /// Source pixels that each output pixel mixes.
  var bounds: [Range<Int>]
  /// Their coefficients, 22 bits after the point.
  var weights: [[Int32]]

  /// - Parameters:
  ///   - inputs: source pixels.
  ///   - start, end: the part of the source that the outputs cover; the filter reaches beyond it.
  init(inputs: Int, start: Double, end: Double, outputs: Int) {
    // Pillow keeps the box as floats.
    let start = Double(Float(start))
    let scale = Double(Float(end) - Float(start)) / Double(outputs)
    let filterScale = max(scale, 1)
    let support = filterScale
    bounds = []
    weights = []
    for output in 0..<outputs {
      let center = start + (Double(output) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let last = min(inputs, Int(center + support + 0.5))
      var row: [Double] = []
      var sum = 0.0
      for input in first..<max(first, last) {
        let distance = abs((Double(input) - center + 0.5) * (1 / filterScale))
        let weight = distance < 1 ? 1 - distance : 0
        row.append(weight)
        sum += weight
      }
      if sum != 0 { for index in row.indices { row[index] /= sum } }
      bounds.append(first..<first + row.count)
      weights.append(row.map { Int32(0.5 + $0 * Double(1 << 22)) })
    }
  }

  func table(inputs: Int) -> ResampleTable { ResampleTable(inputs: inputs, bounds: bounds, weights: weights) }
}
