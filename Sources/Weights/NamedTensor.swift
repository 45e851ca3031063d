/// A tensor of a weights file, as f32 whatever it was stored as.
public struct NamedTensor: Sendable, Equatable {
  public var name: String
  /// Outermost dimension first; empty for a scalar.
  public var shape: [Int]
  /// Row-major, as many as the product of `shape`.
  public var values: [Float]

  public init(name: String, shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) values for shape \(shape)")
    self.name = name
    self.shape = shape
    self.values = values
  }
}
