import CKernels

/// Floats that begin at a 64-byte line, as the kernels want them; zero at first: what matrices, packed factors and
/// convolutions stand on.
///
/// Where there is no memory for them the process ends, with one line and exit code 1.
@safe package struct FloatBuffer: ~Copyable, @unchecked Sendable {
  package let count: Int
  let base: UnsafeMutablePointer<Float>

  package init(count: Int) {
    precondition(count >= 0)
    unsafe base = captioneer_allocate(Int64(count))
    self.count = count
  }

  deinit { unsafe captioneer_release(base) }

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

/// A buffer that several windows, or products after each other, refer to.
final class SharedFloats: Sendable {
  let buffer: FloatBuffer

  init(count: Int) { buffer = FloatBuffer(count: count) }
}
