import COpenBLAS
package import Diagnostics
import Synchronization

/// Who multiplies matrices in this process: our own kernels, or OpenBLAS where `CAPTIONEER_BLAS=openblas` asks for it and training
/// has called `prepare`. Captions and features are always our own kernels' work.
package enum LinearAlgebra {
  /// OpenBLAS as it was loaded, or why it can't be used.
  private enum Loaded: Sendable {
    case ready(name: String)
    case failed(String)
  }

  /// Loaded at the first use. Debian's OpenBLAS 0.3.21 does not know CPUs newer than itself and would fall back to its SSE3
  /// kernels, five times slower than what the CPU can do, so it is told which to take; `OPENBLAS_CORETYPE` is obeyed.
  private static let loaded: Loaded = {
    let core = CPULevel.available.last?.openBLASCore
    if let problem = unsafe captioneer_blas_load(core) { return .failed(unsafe String(cString: problem)) }
    let words = unsafe String(cString: captioneer_blas_version()).split(separator: " ").prefix(2)
    let name = (words + [Substring(unsafe String(cString: captioneer_blas_core()))]).joined(separator: " ")
    let error = checkProduct()
    return error <= tolerance ? .ready(name: name) : .failed("\(name) multiplies wrongly (error \(error))")
  }()

  private static let isInUse = Atomic(false)

  /// Whether sharing a product out by rows or columns may change its bits: true where OpenBLAS multiplies.
  package static var bitsDependOnBlocks: Bool { isInUse.load(ordering: .relaxed) }

  /// What the bits of trained parameters depend on besides caches and options: nil with our own kernels, which give the same
  /// bits on every CPU, else OpenBLAS's name, version and kernels: `OpenBLAS 0.3.21 SkylakeX`.
  package static var arithmetic: String? {
    guard Arithmetic.asksForOpenBLAS else { return nil }
    return switch loaded {
    case .ready(let name): name
    case .failed: "OpenBLAS"
    }
  }

  /// Lets OpenBLAS multiply from now on where it was asked for.
  ///
  /// - Throws: `InputError` where it can't be loaded, or multiplies wrongly.
  package static func prepare() throws(InputError) {
    guard Arithmetic.asksForOpenBLAS else { return }
    if case .failed(let problem) = loaded {
      throw InputError(
        "CAPTIONEER_BLAS asks for OpenBLAS: \(problem)",
        remedy: "install libopenblas0, or unset CAPTIONEER_BLAS for our own matrix products")
    }
    isInUse.store(true, ordering: .relaxed)
  }

  private static let tolerance = 1e-4

  /// The largest difference of a product with odd sizes from the same sum in f64.
  private static func checkProduct() -> Double {
    let (rows, inner, columns) = (37, 83, 51)
    func value(_ index: Int) -> Float { Float((index &* 7919) % 257 - 128) / 128 }
    let a = (0..<rows * inner).map(value)
    let b = (0..<inner * columns).map { value($0 &+ 3) }
    var c = [Float](repeating: 0, count: rows * columns)
    unsafe captioneer_sgemm(
      0, 0, Int32(rows), Int32(columns), Int32(inner), a, Int32(inner), b, Int32(columns), 0, &c, Int32(columns))
    var largest = 0.0
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<inner { sum += Double(a[row * inner + k]) * Double(b[k * columns + column]) }
        let difference = abs(sum - Double(c[row * columns + column]))
        largest = difference.isNaN ? .infinity : max(largest, difference)
      }
    }
    return largest
  }
}
