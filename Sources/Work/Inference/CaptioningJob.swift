package import Diagnostics
package import JSON

/// Captions photographs, or the rows of a features cache, with a trained captioner.
package struct CaptioningJob: Sendable {
  /// Raised whenever the same checkpoint and photographs come to other captions.
  package static let codeVersion = 2

  package var options: CaptioningOptions

  package init(_ options: CaptioningOptions) { self.options = options }

  /// - Parameter confirm: called with the digests of what was read, before anything is published.
  /// - Throws: `InputError` for a checkpoint, weights or features that don't belong together; `Interrupted`.
  package func run(
    threads: Int, progress: any ProgressReporter, confirm: (JSONValue) throws -> Void = { _ in }
  ) throws -> CaptionResults {
    let captioner = try TrainedCaptioner(checkpoint: try options.checkpointFile)
    let maximumWords = options.maximumWords
    let results: CaptionResults
    switch options.subjects {
    case .features(let path, let split):
      let rows = try CachedSplit(path: path, split: split)
      results = try rows.captions(captioner, maximumWords: maximumWords, threads: threads, progress: progress)
      try confirm(["features": .string(rows.fingerprint)])
      if let logits = options.logits { try rows.writeLogits(captioner, maximumWords: maximumWords, to: logits) }
    case .photographs(let paths, let weights):
      let photographs = try LoosePhotographs(paths)
      results = try photographs.captions(
        captioner, weights: try CaptioningOptions.weightsFile(weights), maximumWords: maximumWords, threads: threads,
        progress: progress)
      try confirm([:])
    }
    return results
  }
}
