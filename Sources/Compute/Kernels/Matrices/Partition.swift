/// Ranges that follow each other: part i begins where part i - 1 ends, so that no two overlap.
package struct Partition: Sendable, Equatable {
  private let bounds: [Int]

  /// - Parameter bounds: where each part begins, and where the last one ends; never falling.
  package init(bounds: [Int]) {
    precondition(bounds.first.map { $0 >= 0 } ?? false, "a partition has bounds, from 0 on")
    for (bound, next) in zip(bounds, bounds.dropFirst()) {
      precondition(bound <= next, "parts that begin at \(bound) and \(next) overlap")
    }
    self.bounds = bounds
  }

  /// `parts` parts of 0 ..< count, equal but for one.
  package init(of count: Int, parts: Int) {
    self.init(bounds: (0...parts).map { count * $0 / parts })
  }

  /// Parts of `size` of 0 ..< count; the last may be smaller.
  package init(of count: Int, size: Int) {
    self.init(bounds: Array(stride(from: 0, to: count, by: size)) + [count])
  }

  /// How many parts there are.
  package var count: Int { bounds.count - 1 }

  package subscript(part: Int) -> Range<Int> { bounds[part]..<bounds[part + 1] }

  /// From the first part's begin to the last one's end.
  var extent: Range<Int> { bounds[0]..<bounds[bounds.count - 1] }
}
