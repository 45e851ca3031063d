#if canImport(Glibc)
  import Glibc
#endif

/// e^x, rounded to 12 digits' worth of bits so that libraries which differ in the last place agree.
func exponential(_ x: Double) -> Double {
  let value = exp(x)
  guard value.isFinite, value > 0 else { return value }
  return Double(bitPattern: (value.bitPattern &+ 0x800) & ~0xFFF)
}
