/// A window [rows, columns] on a `FloatBuffer`, row-major, its rows `stride` floats apart.
///
/// A window is a reference: copies of it see the same numbers. Windows let threads write different rows or columns of one matrix,
/// which spans can't express; bounds are checked when a window is made, that no two threads write the same element is not.
@safe package struct Matrix: Sendable {
  private let floats: SharedFloats
  private let offset: Int
  package let rows: Int
  package let columns: Int
  package let stride: Int

  /// A matrix of zeros.
  package init(rows: Int, columns: Int) {
    self.init(SharedFloats(count: rows * columns), offset: 0, rows: rows, columns: columns, stride: columns)
  }

  private init(_ floats: SharedFloats, offset: Int, rows: Int, columns: Int, stride: Int) {
    precondition(rows >= 0 && columns >= 0 && offset >= 0 && stride >= columns)
    precondition(rows == 0 || offset + (rows - 1) * stride + columns <= floats.buffer.count)
    self.floats = floats
    self.offset = offset
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  /// A matrix of its own with these numbers.
  package init(rows: Int, columns: Int, _ values: [Float]) {
    self.init(rows: rows, columns: columns)
    copy(from: values.span)
  }

  package func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    return Matrix(
      floats, offset: offset + (range.isEmpty ? 0 : range.lowerBound * stride), rows: range.count, columns: columns,
      stride: stride)
  }

  package func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    return Matrix(floats, offset: offset + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// The `rows` × `columns` numbers from number `start` on of a window whose rows follow each other without a gap.
  package func window(at start: Int, rows: Int, columns: Int) -> Matrix {
    precondition(isWhole && start >= 0 && rows >= 0 && columns >= 0 && start + rows * columns <= count)
    return Matrix(floats, offset: offset + start, rows: rows, columns: columns, stride: columns)
  }

  /// How many numbers it has.
  package var count: Int { rows * columns }

  private var isWhole: Bool { stride == columns || rows <= 1 }

  var base: UnsafeMutablePointer<Float> { unsafe floats.buffer.base + offset }

  /// The numbers of a window whose rows follow each other without a gap.
  package var span: Span<Float> {
    @_lifetime(borrow self)
    get {
      precondition(isWhole)
      return unsafe _overrideLifetime(Span(_unsafeStart: base, count: rows * columns), borrowing: self)
    }
  }

  /// The same, to be written.
  package var mutableSpan: MutableSpan<Float> {
    @_lifetime(borrow self)
    get {
      precondition(isWhole)
      return unsafe _overrideLifetime(MutableSpan(_unsafeStart: base, count: rows * columns), borrowing: self)
    }
  }

  /// Numbers `range` of such a window.
  @_lifetime(borrow self)
  package func span(_ range: Range<Int>) -> Span<Float> {
    precondition(isWhole && range.lowerBound >= 0 && range.upperBound <= count)
    return unsafe _overrideLifetime(
      Span(_unsafeStart: base + range.lowerBound, count: range.count), borrowing: self)
  }

  /// The same, to be written.
  @_lifetime(borrow self)
  package func mutableSpan(_ range: Range<Int>) -> MutableSpan<Float> {
    precondition(isWhole && range.lowerBound >= 0 && range.upperBound <= count)
    return unsafe _overrideLifetime(
      MutableSpan(_unsafeStart: base + range.lowerBound, count: range.count), borrowing: self)
  }

  /// A copy of the numbers, row by row.
  package var values: [Float] {
    var values: [Float] = []
    values.reserveCapacity(rows * columns)
    for row in 0..<rows {
      unsafe values.append(contentsOf: UnsafeBufferPointer(start: base + row * stride, count: columns))
    }
    return values
  }

  package func copy(from values: Span<Float>) {
    precondition(values.count == rows * columns)
    unsafe values.withUnsafeBufferPointer { source in
      guard let from = source.baseAddress else { return }
      for row in 0..<rows { unsafe (base + row * stride).update(from: from + row * columns, count: columns) }
    }
  }

  /// Copies `other`, which has the same shape and lies elsewhere.
  package func copy(from other: Matrix) {
    precondition(other.rows == rows && other.columns == columns)
    for row in 0..<rows { unsafe (base + row * stride).update(from: other.base + row * other.stride, count: columns) }
  }

  package func fill(_ value: Float) {
    for row in 0..<rows { unsafe (base + row * stride).update(repeating: value, count: columns) }
  }
}
