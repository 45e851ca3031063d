import CKernels

/// The mean over pixels of [pixels, channels] from `start` on, summed in order, to [channels] at `place`.
package func averagePixels(
  _ input: borrowing FloatBuffer, from start: Int, pixels: Int, channels: Int, into output: inout [Float],
  at place: Int
) {
  precondition(pixels > 0 && channels > 0 && start >= 0 && input.count >= start + pixels * channels)
  precondition(place >= 0 && output.count >= place + channels)
  unsafe output.withUnsafeMutableBufferPointer { [base = unsafe input.base + start] in
    unsafe captioneer_average(base, Int32(pixels), Int32(channels), $0.baseAddress! + place)
  }
}

/// [pixels, channels] from `start` on → [channels, pixels] at `place`.
package func transposePixels(
  _ input: borrowing FloatBuffer, from start: Int, pixels: Int, channels: Int, into output: inout [Float],
  at place: Int
) {
  precondition(pixels > 0 && channels > 0 && start >= 0 && input.count >= start + pixels * channels)
  precondition(place >= 0 && output.count >= place + pixels * channels)
  unsafe output.withUnsafeMutableBufferPointer { [base = unsafe input.base + start] in
    unsafe captioneer_transpose(base, Int32(pixels), Int32(channels), $0.baseAddress! + place)
  }
}
