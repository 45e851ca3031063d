import Captioners
import Diagnostics
import Processes

extension Trainer {
  /// Looks before claiming: a model that can't fit must end in a line, not in a crash or a machine that swaps.
  ///
  /// - Throws: `InputError` with the sizes that are too large together.
  static func checkMemory(
    _ sizes: RecurrentCaptioner.Sizes, captions: Int, steps: Int, _ options: TrainingOptions, limit: Int = memoryLimit()
  ) throws {
    let (features, words) = (Double(sizes.features), Double(sizes.words))
    let (wordVector, hidden) = (Double(sizes.wordVector), Double(sizes.hidden))
    let parameters = hidden * (features + wordVector + hidden + words + 3) + words * (wordVector + 1)
    let rows = Double(captions) * Double(steps)
    let batch = Double(captions) * (features + 2 * hidden) + rows * (3 * hidden + words) + 2 * words * hidden
    // Values, gradients, two moments and a packed copy; while the state is written three of them twice more.
    let bytes = 4 * (11 * parameters + batch)
    guard bytes > Double(limit) else { return }
    func gigabytes(_ bytes: Double) -> String { "\((bytes / 1e8).rounded() / 10) GB" }
    throw InputError(
      "training with --hidden \(options.hidden), --word-vector \(options.wordVector) and batches of \(captions) captions takes about \(gigabytes(bytes)) of memory; there are \(gigabytes(Double(limit)))",
      remedy: "give smaller ones")
  }
}
