import CKernels

/// Instruction sets that the kernels exist for, each including those before it.
public enum CPULevel: Int, Sendable, CaseIterable {
  case portable, avx2, avx512

  /// The level in force: the CPU's best, or what `CAPTIONEER_CPU` lowers it to.
  public static var current: CPULevel { CPULevel(rawValue: Int(captioneer_current_level().rawValue)) ?? .portable }

  /// The levels this CPU has.
  public static var available: [CPULevel] { allCases.filter { $0.rawValue <= Int(captioneer_best_level().rawValue) } }

  /// Runs the calling thread's kernels at `level` from now on. For tests and benchmarks.
  public static func use(_ level: CPULevel) {
    captioneer_set_level(captioneer_level(rawValue: UInt32(level.rawValue)))
  }
}
