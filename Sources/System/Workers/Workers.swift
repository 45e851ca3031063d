import Diagnostics
import Dispatch
import Synchronization

/// Runs `body` once for each of `0 ..< count` on up to `threads` threads and waits for all of them.
///
/// Indices are claimed in rising order, so whoever holds index `i` may wait for an index below it. After the first error no
/// further index is claimed; of several errors the one with the lowest index is thrown, whatever the number of threads.
///
/// - Parameter body: gets the index and the worker's number in `0 ..< threads`, for buffers of its own.
package func forEachIndex(
  _ count: Int, threads: Int, _ body: @Sendable (_ index: Int, _ worker: Int) throws -> Void
) throws {
  let workers = max(1, min(threads, count))
  let next = Atomic<Int>(0)
  let failure = Mutex<(index: Int, error: any Error)?>(nil)
  @Sendable func work(_ worker: Int) {
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < count, failure.withLock({ $0 == nil }) else { return }
      do { try body(index, worker) } catch {
        failure.withLock { if $0 == nil || index < $0!.index { $0 = (index, error) } }
      }
    }
  }
  if workers == 1 { work(0) } else { DispatchQueue.concurrentPerform(iterations: workers, execute: work) }
  if let failure = failure.withLock({ $0 }) { throw failure.error }
}
