import CKernels

/// An instruction set that the kernels exist for, each including those before it. All give the same bits.
///
/// The levels are the rows of CKernels' table: a further row appears here by itself.
package struct CPULevel: Sendable, Hashable, CustomStringConvertible {
  /// Its row in the table: 0 is the best.
  fileprivate let row: Int32

  /// As `CAPTIONEER_CPU` has it.
  package var name: String { unsafe String(cString: captioneer_level_name(row)) }
  package var description: String { name }

  /// Whether this CPU has its instructions.
  package var isAvailable: Bool { captioneer_level_is_available(row) != 0 }

  /// OpenBLAS's kernels for such a CPU; nil: its own choice.
  package var openBLASCore: String? { unsafe captioneer_level_blas_core(row).map { unsafe String(cString: $0) } }

  /// All levels of this architecture, the simplest first.
  package static var all: [CPULevel] { (0..<captioneer_level_count()).reversed().map { CPULevel(row: $0) } }

  /// The levels this CPU has, the simplest first.
  package static var available: [CPULevel] { all.filter(\.isAvailable) }

  /// The level in force for the calling thread: the CPU's best, what `CAPTIONEER_CPU` names, or what `use` said. Ends the process with
  /// one line and exit code 1 where the variable can't be obeyed: `Arithmetic.checkEnvironment` says it in time.
  package static var current: CPULevel { CPULevel(row: captioneer_current_level()) }

  /// Runs the calling thread's kernels at `level` from now on; nil: at the process's again. For tests and benchmarks.
  package static func use(_ level: CPULevel?) { captioneer_set_level(level?.row ?? -1) }
}

/// Which level's kernels a thread really ran: each leaves the mark of the file that it was compiled in.
package enum KernelMarks {
  /// The names of all kernels.
  package static var kernels: [String] {
    (0..<captioneer_kernel_count()).map { unsafe String(cString: captioneer_kernel_name($0)) }
  }

  /// What the calling thread ran last of each of `kernels`; nil where it ran none since `forget`.
  package static var levels: [CPULevel?] {
    (0..<captioneer_kernel_count()).map {
      let row = captioneer_kernel_mark($0)
      return row < 0 ? nil : CPULevel(row: row)
    }
  }

  package static func forget() { captioneer_forget_marks() }
}
