import CKernels

/// Instruction sets that the kernels exist for, each including those before it. All give the same bits.
package enum CPULevel: Int, Sendable, CaseIterable {
  case portable, avx2, avx512

  /// As `CAPTIONEER_CPU` has it.
  package var name: String { "\(self)" }

  /// The level in force: the CPU's best, or what `CAPTIONEER_CPU` lowers it to.
  package static var current: CPULevel { CPULevel(rawValue: Int(captioneer_current_level().rawValue)) ?? .portable }

  /// The levels this CPU has.
  package static var available: [CPULevel] { allCases.filter { $0.rawValue <= Int(captioneer_best_level().rawValue) } }

  /// The level whose convolution kernels the calling thread gets, as their own file says.
  package static var ofKernels: CPULevel { CPULevel(rawValue: Int(captioneer_kernels_level().rawValue)) ?? .portable }

  /// Runs the calling thread's kernels at `level` from now on. For tests and benchmarks.
  package static func use(_ level: CPULevel) {
    captioneer_set_level(captioneer_level(rawValue: UInt32(level.rawValue)))
  }
}
