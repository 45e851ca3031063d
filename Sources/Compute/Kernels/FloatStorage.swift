/// Floats at a 64-byte boundary, zero at first, shared by the matrices that are windows on them.
///
/// Two threads may write it at once as long as they write different elements; nothing checks that.
@safe package final class FloatStorage: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  package let count: Int

  package init(count: Int) {
    precondition(count >= 0)
    self.count = count
    unsafe base = allocateFloats(count)
  }

  deinit { unsafe freeFloats(base) }

  /// All of it.
  package var span: Span<Float> {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(Span(_unsafeStart: base, count: count), borrowing: self) }
  }

  /// Elements `range`.
  @_lifetime(borrow self)
  package func span(_ range: Range<Int>) -> Span<Float> {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return unsafe _overrideLifetime(
      Span(_unsafeStart: base + range.lowerBound, count: range.count), borrowing: self)
  }

  /// Elements `range`, to be written.
  @_lifetime(borrow self)
  package func mutableSpan(_ range: Range<Int>) -> MutableSpan<Float> {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return unsafe _overrideLifetime(
      MutableSpan(_unsafeStart: base + range.lowerBound, count: range.count), borrowing: self)
  }
}
