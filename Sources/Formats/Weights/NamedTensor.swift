/// A tensor of a weights file, as f32 whatever it was stored as.
package struct NamedTensor: Sendable, Equatable {
  package var name: String
  /// Outermost dimension first; empty for a scalar.
  package var shape: [Int]
  /// Row-major, as many as the product of `shape`.
  package var values: [Float]

  package init(name: String, shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) values for shape \(shape)")
    self.name = name
    self.shape = shape
    self.values = values
  }
}
