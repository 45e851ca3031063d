import CKernels

/// Between the floats of files and those that are computed with.
package enum FloatConversion {
  /// The first `count` values as IEEE halves, to nearest, ties to even; too large becomes infinity.
  package static func narrowToHalves(_ input: [Float], count: Int, into output: inout [UInt16]) {
    precondition(0...input.count ~= count && output.count >= count)
    guard count > 0 else { return }
    unsafe captioneer_to_half(input, count, &output)
  }

  /// out = the little-endian halves in `x`, widened
  package static func widenHalves(_ x: RawSpan, into out: inout MutableSpan<Float>) {
    let count = out.count
    precondition(x.byteCount == count * 2)
    unsafe x.withUnsafeBytes { x in
      unsafe out.withUnsafeMutableBufferPointer { out in
        guard let x = x.baseAddress, let out = out.baseAddress else { return }
        unsafe captioneer_widen_halves(x.assumingMemoryBound(to: UInt16.self), count, out)
      }
    }
  }

  /// out = the little-endian floats in `x`
  package static func copyFloats(_ x: RawSpan, into out: inout MutableSpan<Float>) {
    precondition(x.byteCount == out.count * 4)
    unsafe x.withUnsafeBytes { x in
      unsafe out.withUnsafeMutableBufferPointer { out in
        unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: x)
      }
    }
  }
}
