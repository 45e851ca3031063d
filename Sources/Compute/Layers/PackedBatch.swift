package import Kernels

/// Token rows arranged so that finished sequences take no work: sorted by length, longest first, and packed step by step.
///
/// The sequences are dealt to `partCount` parts of nearly equal work, each packed for itself; parts are what threads share.
/// The arrangement depends on the rows alone. Buffers are kept between batches.
package struct PackedBatch: Sendable {
  package let partCount: Int
  /// Packed sequence → row in the batch; part after part.
  package private(set) var order: [Int] = []
  /// What each row reads, and what it should say next: part after part, step after step.
  package private(set) var inputs: [Int32] = []
  package private(set) var targets: [Int32] = []
  private var steps: [Int] = []  // counts, part after part
  private var stepBounds: [Int] = [0]
  private var rowBounds: [Int] = [0]
  private var sequenceBounds: [Int] = [0]
  private var byLength: [Int] = []
  private var lengthStarts: [Int] = []

  package init(partCount: Int) { self.partCount = partCount }

  package var sequenceCount: Int { order.count }
  package var rowCount: Int { inputs.count }
  /// All parts' rows, and all parts' sequences.
  package var rowPartition: Partition { Partition(bounds: rowBounds) }
  package var sequencePartition: Partition { Partition(bounds: sequenceBounds) }
  /// The rows of `part` among all packed rows.
  package func rows(ofPart part: Int) -> Range<Int> { rowBounds[part]..<rowBounds[part + 1] }
  /// The sequences of `part` in `order`.
  package func sequences(ofPart part: Int) -> Range<Int> { sequenceBounds[part]..<sequenceBounds[part + 1] }
  /// Rows of each step of `part`, falling.
  @_lifetime(borrow self)
  package func counts(ofPart part: Int) -> Span<Int> {
    let range = stepBounds[part]..<stepBounds[part + 1]
    return steps.span.extracting(range)
  }

  /// Packs rows `selected` of `tokens` [rows, width]; row r has `lengths[r]` tokens, first and last included.
  package mutating func pack(tokens: Span<Int32>, width: Int, lengths: Span<Int32>, selected: Span<Int>) {
    // A stable counting sort by falling length.
    lengthStarts.removeAll(keepingCapacity: true)
    for _ in 0...width + 1 { lengthStarts.append(0) }
    for index in selected.indices { lengthStarts[width - Int(lengths[selected[index]]) + 1] += 1 }
    for length in 1...width + 1 { lengthStarts[length] += lengthStarts[length - 1] }
    byLength.removeAll(keepingCapacity: true)
    for _ in selected.indices { byLength.append(0) }
    for index in selected.indices {
      let length = width - Int(lengths[selected[index]])
      byLength[lengthStarts[length]] = index
      lengthStarts[length] += 1
    }
    order.removeAll(keepingCapacity: true)
    inputs.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    steps.removeAll(keepingCapacity: true)
    for part in 0..<partCount {
      for position in stride(from: part, to: byLength.count, by: partCount) { order.append(byLength[position]) }
      let sequences = (sequenceBounds.count > part ? sequenceBounds[part] : 0)..<order.count
      Self.setBound(&sequenceBounds, part + 1, sequences.upperBound)
      var step = 0
      while true {
        let before = inputs.count
        for sequence in sequences {
          let row = selected[order[sequence]]
          guard step + 1 < Int(lengths[row]) else { break }
          inputs.append(tokens[row * width + step])
          targets.append(tokens[row * width + step + 1])
        }
        if inputs.count == before { break }
        steps.append(inputs.count - before)
        step += 1
      }
      Self.setBound(&stepBounds, part + 1, steps.count)
      Self.setBound(&rowBounds, part + 1, inputs.count)
    }
  }

  private static func setBound(_ bounds: inout [Int], _ index: Int, _ value: Int) {
    if index < bounds.count { bounds[index] = value } else { bounds.append(value) }
  }
}
