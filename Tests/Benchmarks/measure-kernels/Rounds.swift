import Kernels
import Synchronization

/// The rounds of a run: one for each line that comes on standard input, or as many as were asked for.
final class Rounds: Sendable {
  /// Times that a round repeats its work.
  let repeats: Int
  private let limit: Int?
  private let done = Atomic<Int>(0)

  /// Says that all is prepared, where rounds are asked for line by line.
  init(limit: Int?, repeats: Int) {
    (self.limit, self.repeats) = (limit, repeats)
    if limit == nil { say("{\"ready\": true, \"level\": \"\(CPULevel.current)\"}") }
  }

  /// Waits until another round is asked for; false where none will be.
  func begins() -> Bool { limit.map { done.load(ordering: .relaxed) < $0 } ?? (readLine() != nil) }

  func ends(after duration: Duration, items: Int) {
    let parts = duration.components
    let seconds = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    say("{\"seconds\": \(seconds), \"items\": \(items)}")
    done.add(1, ordering: .relaxed)
  }
}
