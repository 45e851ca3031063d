import CKernels

/// A matrix that many vectors are multiplied with, laid out once for the register kernels.
///
/// A product's bits depend on its own row only, not on how many rows are multiplied together.
public final class PackedMatrix: Sendable {
  public let inputs: Int
  public let outputs: Int
  private let panels: FloatBuffer
  private let bias: FloatBuffer

  /// - Parameters:
  ///   - weights: [outputs, inputs]
  ///   - bias: [outputs], or nil for none.
  public init(_ weights: [Float], inputs: Int, outputs: Int, bias: [Float]? = nil) {
    precondition(inputs > 0 && outputs > 0 && weights.count == inputs * outputs)
    precondition(bias == nil || bias?.count == outputs)
    self.inputs = inputs
    self.outputs = outputs
    let padded = (outputs + 15) / 16 * 16
    let panels = FloatBuffer(count: padded * inputs)
    unsafe captioneer_pack_panels(weights, Int32(inputs), Int32(outputs), panels.base)
    self.panels = panels
    var added = FloatBuffer(count: padded)
    var span = added.mutableSpan
    if let bias { for index in bias.indices { span[index] = bias[index] } }
    self.bias = added
  }

  /// y = x Wᵀ + bias, or y += x Wᵀ + bias where `accumulates`.
  ///
  /// - Parameters:
  ///   - x: [rows, inputs]
  ///   - y: [rows, outputs]
  public func multiply(
    _ x: borrowing FloatBuffer, rows: Int, into y: inout FloatBuffer, accumulates: Bool = false
  ) {
    precondition(rows > 0 && rows * inputs <= x.count && rows * outputs <= y.count && y.count <= Int(Int32.max))
    let offsets = (0..<rows).map { Int32($0 * outputs) }
    unsafe offsets.withUnsafeBufferPointer { offsets in
      var product = unsafe captioneer_product()
      unsafe product.input = UnsafePointer(x.base)
      unsafe product.input_stride = inputs
      unsafe product.weights = UnsafePointer(panels.base)
      unsafe product.bias = UnsafePointer(bias.base)
      unsafe product.offsets = offsets.baseAddress
      unsafe product.residual = accumulates ? UnsafePointer(y.base) : nil
      unsafe product.output = y.base
      unsafe product.rows = Int32(rows)
      unsafe product.depth = Int32(inputs)
      unsafe product.columns = Int32(outputs)
      unsafe captioneer_multiply(&product)
    }
  }
}

extension FloatBuffer {
  /// Row r = table row indices[r]; rows of `columns` floats.
  public mutating func gatherRows(of table: borrowing FloatBuffer, at indices: [Int32], columns: Int) {
    let limit = table.count / columns
    precondition(indices.count * columns <= count && indices.allSatisfy { $0 >= 0 && Int($0) < limit })
    unsafe captioneer_gather_rows(table.base, indices, indices.count, columns, base)
  }

  /// The first `count` values become their hyperbolic tangents.
  public mutating func applyTanh(first count: Int) {
    precondition(count >= 0 && count <= self.count)
    unsafe captioneer_tanh(base, count)
  }

  /// Copies a row of `columns` floats to the place of an earlier one.
  public mutating func moveRow(_ row: Int, to earlier: Int, columns: Int) {
    precondition(earlier >= 0 && earlier < row && (row + 1) * columns <= count)
    unsafe (base + earlier * columns).update(from: base + row * columns, count: columns)
  }

  /// The place of the first largest value in row `row`, whose rows have `columns` floats.
  public func largestIndex(ofRow row: Int, columns: Int) -> Int {
    precondition(row >= 0 && columns > 0 && (row + 1) * columns <= count)
    return unsafe captioneer_argmax(base + row * columns, columns)
  }
}
