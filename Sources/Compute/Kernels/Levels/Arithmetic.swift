import CKernels
package import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// Whose arithmetic this process works with.
///
/// The canonical one is that of our own kernels: the same fused multiply-adds in the same order on every CPU level and architecture,
/// so that equal inputs give equal bits everywhere. `CAPTIONEER_BLAS=openblas` hands training's matrix products to OpenBLAS,
/// which may be faster where the CPU has no fused multiply-add; its sums run in another order, so whatever it changes carries its name.
package enum Arithmetic {
  /// Whether `CAPTIONEER_BLAS` asks for OpenBLAS.
  package static let asksForOpenBLAS = variable("CAPTIONEER_BLAS") == "openblas"

  /// Looks whether `CAPTIONEER_CPU` and `CAPTIONEER_BLAS` can be obeyed.
  ///
  /// - Throws: `InputError` for a word that means nothing, or a level that this CPU lacks.
  package static func checkEnvironment() throws(InputError) {
    if let asked = variable("CAPTIONEER_CPU") {
      let known = CPULevel.all.map(\.name).joined(separator: ", ")
      let available = CPULevel.available.map(\.name).joined(separator: ", ")
      guard let level = CPULevel.all.first(where: { $0.name == asked }) else {
        throw InputError("CAPTIONEER_CPU is '\(asked)', expected one of \(known)", remedy: "correct it or unset it")
      }
      guard level.isAvailable else {
        throw InputError(
          "CAPTIONEER_CPU asks for \(asked), which this CPU lacks: it has \(available)",
          remedy: "correct it or unset it")
      }
    }
    if let asked = variable("CAPTIONEER_BLAS"), !asksForOpenBLAS {
      throw InputError(
        "CAPTIONEER_BLAS is '\(asked)', expected openblas", remedy: "unset it for our own matrix products")
    }
  }

  /// A variable of the environment; nil where it is empty, too.
  private static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty else { return nil }
    return value
  }
}
