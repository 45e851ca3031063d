import Caches
import Captioners
import Diagnostics
import Files
import JSON
import Kernels
import Random
import Workers

/// Greedy captions of some features, `batch` at a time.
final class GreedyPath: Sendable {
  private let decoder: GreedyDecoder
  private let features: Matrix  // [captions, 1280]
  private let batch: Int

  init(checkpoint: String?, cache: String?, batch: Int, hidden: Int, captions: Int) throws {
    let captioner =
      if let checkpoint { try RecurrentCaptioner(path: checkpoint) } else {
        RecurrentCaptioner(
          sizes: .init(features: 1280, words: 864, wordVector: 256, hidden: hidden),
          vocabulary: (0..<864).map { "w\($0)" }, seed: 1)
      }
    decoder = GreedyDecoder(captioner)
    features = Matrix(rows: captions, columns: 1280)
    self.batch = batch
    if let cache {
      let rows = try FeatureRows(path: cache)
      guard rows.count >= captions, rows.channels == 1280 else {
        throw InputError(file: cache, "needs \(captions) rows of 1280 features", remedy: "give another cache")
      }
      for row in 0..<captions { try rows.copy(row, into: features.rows(row..<row + 1)) }
    } else {
      var random = SplitMix64(seed: 2)
      let values = (0..<captions * 1280).map { _ in Float(random.uniform()) }
      features.copy(from: values.span)
    }
  }

  func run(threads: Int) throws -> Int {
    for begin in stride(from: 0, to: features.rows, by: batch) {
      let part = features.rows(begin..<min(features.rows, begin + batch))
      _ = decoder.tokens(features: part, maximumWords: 16, threads: threads)
    }
    return features.rows
  }
}

/// A shuffled epoch over a features cache: batches of rows copied out of the map as the trainer copies them, each checked.
final class GatherPath: Sendable {
  private let rows: FeatureRows
  private let batch: Int
  private let order: [Int]

  init(cache: String, batch: Int) throws {
    rows = try FeatureRows(path: cache)
    self.batch = batch
    var random = SplitMix64(seed: 3)
    var order = Array(0..<rows.count)
    random.shuffle(&order)
    self.order = order
  }

  func run(threads: Int) throws -> Int {
    let (count, columns) = (order.count / batch, rows.channels)
    try forEachIndex(threads, threads: threads) { worker, _ in
      let target = Matrix(rows: self.batch, columns: columns)
      for index in stride(from: worker, to: count, by: threads) {
        for row in 0..<self.batch {
          try self.rows.copy(self.order[index * self.batch + row], into: target.rows(row..<row + 1))
        }
      }
    }
    return count * batch
  }
}

/// Products of two square matrices; counts floating-point operations in millions.
final class ProductPath: Sendable {
  private let side: Int
  private let a: Matrix
  private let b: Matrix
  private let c: Matrix

  init(side: Int) throws {
    try LinearAlgebra.prepare()
    self.side = side
    a = Matrix(rows: side, columns: side)
    b = Matrix(rows: side, columns: side)
    c = Matrix(rows: side, columns: side)
    a.fill(0.5)
    b.fill(0.25)
  }

  func run(threads: Int) throws -> Int {
    try forEachIndex(threads, threads: threads) { worker, _ in
      let part = worker * self.side / threads..<(worker + 1) * self.side / threads
      multiply(self.a.rows(part), self.b, into: self.c.rows(part))
    }
    return 2 * side * side * side / 1_000_000
  }
}
