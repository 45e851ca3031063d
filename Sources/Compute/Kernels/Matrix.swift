/// A window [rows, columns] on a `FloatStorage`, row-major, its rows `stride` floats apart.
///
/// A window is a reference: copies of it see the same numbers. Windows let threads write different rows or columns of one matrix,
/// which spans can't express; bounds are checked when a window is made.
@safe package struct Matrix: Sendable {
  package let storage: FloatStorage
  package let offset: Int
  package let rows: Int
  package let columns: Int
  package let stride: Int

  /// A matrix of zeros.
  package init(rows: Int, columns: Int) {
    self.init(FloatStorage(count: rows * columns), rows: rows, columns: columns)
  }

  /// The `rows` × `columns` numbers of `storage` from `offset` on.
  package init(_ storage: FloatStorage, offset: Int = 0, rows: Int, columns: Int) {
    self.init(storage, offset: offset, rows: rows, columns: columns, stride: columns)
  }

  init(_ storage: FloatStorage, offset: Int, rows: Int, columns: Int, stride: Int) {
    precondition(rows >= 0 && columns >= 0 && offset >= 0 && stride >= columns)
    precondition(rows == 0 || offset + (rows - 1) * stride + columns <= storage.count)
    self.storage = storage
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
      storage, offset: offset + (range.isEmpty ? 0 : range.lowerBound * stride), rows: range.count, columns: columns,
      stride: stride)
  }

  package func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    return Matrix(storage, offset: offset + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  var base: UnsafeMutablePointer<Float> { unsafe storage.base + offset }

  /// The numbers of a window whose rows follow each other without a gap.
  package var span: Span<Float> {
    @_lifetime(borrow self)
    get {
      precondition(stride == columns || rows <= 1)
      return unsafe _overrideLifetime(Span(_unsafeStart: base, count: rows * columns), borrowing: self)
    }
  }

  /// The same, to be written.
  package var mutableSpan: MutableSpan<Float> {
    @_lifetime(borrow self)
    get {
      precondition(stride == columns || rows <= 1)
      return unsafe _overrideLifetime(MutableSpan(_unsafeStart: base, count: rows * columns), borrowing: self)
    }
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
