/// Floats that begin at a 64-byte line, as the kernels want them. Zero at first.
@safe package struct FloatBuffer: ~Copyable, @unchecked Sendable {
  package let count: Int
  let base: UnsafeMutablePointer<Float>

  package init(count: Int) {
    unsafe base = allocateFloats(count)
    self.count = count
  }

  deinit { unsafe freeFloats(base) }

  package var span: Span<Float> {
    @_lifetime(borrow self)
    borrowing get {
      let span = unsafe Span(_unsafeStart: base, count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  package var mutableSpan: MutableSpan<Float> {
    @_lifetime(&self)
    mutating get {
      let span = unsafe MutableSpan(_unsafeStart: base, count: count)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }
}
