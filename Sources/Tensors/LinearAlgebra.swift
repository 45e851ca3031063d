import COpenBLAS
import Diagnostics
import Kernels

#if canImport(Glibc)
  import Glibc
#endif

/// The state of OpenBLAS in this process: it multiplies where we have no kernels of our own (arm64, old x86).
///
/// Debian's OpenBLAS 0.3.21 does not know CPUs newer than itself and falls back to its SSE3 kernels, five times slower than what the
/// CPU can do. It chooses when it is loaded, before any code of ours; so it is told again here, before the first product, through
/// its own start-up functions and `OPENBLAS_CORETYPE`. A user who sets that variable is obeyed.
public enum LinearAlgebra {
  struct State: Sendable {
    var core: String
    var largestError: Double
  }

  /// Chosen once, before the first product.
  static let state: State = {
    // Our own threads call it; threads of its own under them would only get in each other's way.
    openblas_set_num_threads(1)
    let asked = unsafe getenv("OPENBLAS_CORETYPE").map { unsafe String(cString: $0) }
    if asked == nil, captioneer_blas_can_redispatch() != 0, let better = betterCore(than: currentCore) {
      unsafe captioneer_blas_redispatch(better)
      openblas_set_num_threads(1)
      if checkProduct() > tolerance {
        captioneer_blas_redispatch(nil)
        openblas_set_num_threads(1)
      }
      // Child processes choose for themselves.
      unsafe unsetenv("OPENBLAS_CORETYPE")
    }
    return State(core: currentCore, largestError: checkProduct())
  }()

  /// The name of the kernels that OpenBLAS runs: `SkylakeX`.
  public static var coreName: String { state.core }

  /// Whether this CPU has nothing better than SSE.
  public static var cpuIsOld: Bool { CPULevel.available.last == .portable }

  /// Whether sharing a product out by rows or columns may change its bits: true where OpenBLAS multiplies.
  public static var bitsDependOnBlocks: Bool { CPULevel.current == .portable }

  /// Chooses the kernels and checks one product against a naive one.
  ///
  /// - Throws: `InputError` where the product is wrong.
  public static func prepare() throws {
    guard state.largestError <= tolerance else {
      throw InputError(
        "OpenBLAS multiplies wrongly with its \(state.core) kernels (error \(state.largestError))",
        remedy: "set OPENBLAS_CORETYPE=Haswell, or install another OpenBLAS")
    }
  }

  static let tolerance = 1e-4

  static var currentCore: String { unsafe String(cString: openblas_get_corename()) }

  /// The core for this CPU where the one in force is older than it, else nil.
  private static func betterCore(than current: String) -> String? {
    let avx512 = ["SkylakeX", "Cooperlake", "SapphireRapids"]
    let avx2 = ["Haswell", "Zen", "Excavator"] + avx512
    return switch CPULevel.available.last ?? .portable {
    case .avx512: avx512.contains(current) ? nil : "SkylakeX"
    case .avx2: avx2.contains(current) ? nil : "Haswell"
    case .portable: nil
    }
  }

  /// The largest difference of a product with odd sizes from the same sum in f64.
  static func checkProduct() -> Double {
    let (rows, inner, columns) = (37, 83, 51)
    func value(_ index: Int) -> Float { Float((index &* 7919) % 257 - 128) / 128 }
    let a = (0..<rows * inner).map(value)
    let b = (0..<inner * columns).map { value($0 &+ 3) }
    var c = [Float](repeating: 0, count: rows * columns)
    unsafe captioneer_sgemm(
      0, 0, Int32(rows), Int32(columns), Int32(inner), 1, a, Int32(inner), b, Int32(columns), 0, &c, Int32(columns))
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
