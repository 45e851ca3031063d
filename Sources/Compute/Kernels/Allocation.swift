import CKernels

/// `count` zeros at a 64-byte line. Ends the process with one line and exit code 1 where there is no memory.
@unsafe package func allocateFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
  precondition(count >= 0)
  return unsafe captioneer_allocate(Int64(count))
}

/// Gives back what `allocateFloats` gave.
@unsafe package func freeFloats(_ memory: UnsafeMutablePointer<Float>) { unsafe captioneer_release(memory) }
