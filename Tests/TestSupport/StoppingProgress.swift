import Diagnostics
import Synchronization

/// Asks to stop once so many units are done.
package final class StoppingProgress: ProgressReporter {
  private let left: Atomic<Int>
  private let done = Atomic(0)

  package init(after count: Int) { left = Atomic(count) }

  /// What an earlier run had finished when the last phase began.
  package var resumed: Int { done.load(ordering: .relaxed) }

  package func begin(_ phase: String, total: Int, done: Int, unit: String) { self.done.store(done, ordering: .relaxed) }
  package func advance(by count: Int) { left.subtract(count, ordering: .relaxed) }
  package func note(_ line: String) {}
  package var isCancelled: Bool { left.load(ordering: .relaxed) <= 0 }
}
