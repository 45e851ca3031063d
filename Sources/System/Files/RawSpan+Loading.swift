/// Numbers out of files, bounds-checked. Files are little-endian, as are all machines this runs on.
extension RawSpan {
  /// The value at byte `offset`, at any alignment.
  @inlinable
  package func value<T: BitwiseCopyable>(at offset: Int, as type: T.Type = T.self) -> T {
    precondition(offset >= 0 && byteCount >= MemoryLayout<T>.size && offset <= byteCount - MemoryLayout<T>.size)
    return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: type)
  }

  /// A copy of the `count` values from byte `offset` on, at any alignment.
  @inlinable
  package func values<T: BitwiseCopyable>(at offset: Int, count: Int, as type: T.Type = T.self) -> [T] {
    let size = MemoryLayout<T>.stride
    precondition(offset >= 0 && count >= 0 && offset <= byteCount && count <= (byteCount - offset) / size)
    return unsafe withUnsafeBytes { source in
      unsafe Array(unsafeUninitializedCapacity: count) { target, filled in
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count * size]))
        filled = count
      }
    }
  }
}

extension [UInt8] {
  /// Appends the bytes of `values`, little-endian.
  package mutating func append<T: BitwiseCopyable>(bytesOf values: [T]) {
    unsafe values.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }
}

extension Array where Element: BitwiseCopyable {
  /// The elements as they lie in memory. For element types without padding.
  package var byteSpan: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      let bytes = unsafe span.bytes
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }
}
