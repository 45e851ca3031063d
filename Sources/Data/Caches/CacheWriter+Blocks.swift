package import Diagnostics
import Synchronization
import Workers

extension CacheWriter {
  /// Runs `body` once for each block that is to be made, on up to `threads` threads, in rising order; `body` commits its block.
  ///
  /// After an error or a cancellation no further block begins and nobody waits for a block that will not come; what is finished
  /// stays for the next run.
  ///
  /// - Parameters:
  ///   - includesFinished: visits the blocks that an interrupted run finished, too; these must not be committed again.
  ///   - body: gets the block and the worker's number in `0 ..< threads`.
  /// - Throws: `Interrupted` where `progress` was cancelled, else the first error of `body`.
  package func forEachBlock(
    threads: Int, _ progress: any ProgressReporter, includesFinished: Bool = false,
    _ body: @Sendable (_ block: Int, _ worker: Int) throws -> Void
  ) throws {
    let first = includesFinished ? 0 : finishedBlocks
    // Workers that are sent away throw `Interrupted`, perhaps for a lower block: the error itself is what counts.
    let failure = Mutex<(any Error)?>(nil)
    do {
      try forEachIndex(blockCount - first, threads: threads) { index, worker in
        do {
          if progress.isCancelled { throw Interrupted() }
          try body(first + index, worker)
        } catch {
          failure.withLock { if $0 == nil || $0 is Interrupted { $0 = error } }
          abandon()
          throw error
        }
      }
    } catch { throw failure.withLock { $0 } ?? error }
  }
}
