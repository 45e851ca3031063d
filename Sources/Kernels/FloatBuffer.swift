/// Floats that begin at a 64-byte line, as the kernels want them. Zero at first.
@safe public struct FloatBuffer: ~Copyable, @unchecked Sendable {
  public let count: Int
  let base: UnsafeMutablePointer<Float>

  public init(count: Int) {
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 16) * MemoryLayout<Float>.stride, alignment: 64)
    unsafe base = raw.bindMemory(to: Float.self, capacity: max(count, 16))
    unsafe base.initialize(repeating: 0, count: max(count, 16))
    self.count = count
  }

  deinit { unsafe base.deallocate() }

  public var span: Span<Float> {
    @_lifetime(borrow self)
    borrowing get {
      let span = unsafe Span(_unsafeStart: base, count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  public var mutableSpan: MutableSpan<Float> {
    @_lifetime(&self)
    mutating get {
      let span = unsafe MutableSpan(_unsafeStart: base, count: count)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }
}
