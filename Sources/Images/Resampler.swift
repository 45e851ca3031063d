import Files
import Kernels

/// Resamples one picture as its rows come: across each row at once, down the columns as soon as an output row has all it
/// needs. Holds a window of rows, never the picture.
///
/// Since version 13 Pillow goes down first where that saves work (the picture loses more than twice as many rows as
/// columns); as the first pass is rounded to bytes, the order shows in the last bit.
struct Resampler {
  private let across: ResampleTable
  private let down: TriangleFilter
  private let placement: Placement
  private let size: Int
  private let goesDownFirst: Bool
  private let ringStride: Int
  private let capacity: Int
  /// The latest rows: resampled ones, or the source's where the columns come first.
  private var ring: [UInt8]  // [capacity, ringStride]
  private var mixed: [UInt8]  // one row of `ring`'s width
  private var spare: [UInt8]  // a ring of one output row
  private var scratch: [UInt8]
  private var inputRows = 0
  private var outputRows = 0

  /// - Parameters:
  ///   - width, height: the source's.
  ///   - placement: which part of it goes where.
  ///   - size: side of the square output.
  init(width: Int, height: Int, placement: Placement, size: Int) {
    across = TriangleFilter(
      inputs: width, start: placement.left, end: placement.right, outputs: placement.width
    ).table(inputs: width)
    down = TriangleFilter(inputs: height, start: placement.top, end: placement.bottom, outputs: placement.height)
    self.placement = placement
    self.size = size
    goesDownFirst = height - placement.height > 2 * max(0, width - placement.width)
    let rowBytes = 3 * (goesDownFirst ? width : placement.width)
    ringStride = rowBytes + ResampleTable.spareBytes
    // The rows of one output, and a batch that may arrive beyond them.
    capacity = (down.bounds.map(\.count).max() ?? 1) + Self.largestBatch
    ring = [UInt8](repeating: 0, count: capacity * ringStride)
    mixed = [UInt8](repeating: 0, count: rowBytes + ResampleTable.rowPadding)
    scratch = [UInt8](repeating: 0, count: across.scratchCount)
    spare = [UInt8](repeating: 0, count: 3 * placement.width + ResampleTable.spareBytes)
  }

  /// Rows that `consume` takes at once.
  static let largestBatch = 16

  /// Begins another picture of the same size.
  mutating func restart() {
    inputRows = 0
    outputRows = 0
  }

  /// Takes the next `count` rows, at most `largestBatch`.
  ///
  /// - Parameters:
  ///   - rows: u8 [count, stride], interleaved RGB, padded by `ResampleTable.rowPadding`.
  ///   - target: u8 [3, size, size].
  mutating func consume(_ rows: RawSpan, stride: Int, count: Int, into target: inout MutableSpan<UInt8>) {
    if goesDownFirst {
      ResampleColumns.store(
        rows, stride: stride, count: count, ring: &ring, ringStride: ringStride, capacity: capacity,
        firstRow: inputRows)
    } else {
      across.apply(
        to: rows, stride: stride, count: count, ring: &ring, ringStride: ringStride, capacity: capacity,
        firstRow: inputRows, scratch: &scratch)
    }
    inputRows += count
    while outputRows < placement.height, down.bounds[outputRows].upperBound <= inputRows {
      ResampleColumns.apply(
        ring: ring, ringStride: ringStride, capacity: capacity, first: down.bounds[outputRows].lowerBound,
        weights: down.weights[outputRows], row: &mixed, count: ringStride - ResampleTable.spareBytes)
      if goesDownFirst {
        let source = mixed
        across.apply(
          to: source.byteSpan, stride: source.count, count: 1, ring: &spare, ringStride: spare.count,
          capacity: 1, firstRow: 0, scratch: &scratch)
      }
      ResampleColumns.split(
        goesDownFirst ? spare : mixed, pixels: placement.width, into: &target, plane: size * size,
        offset: (placement.row + outputRows) * size + placement.column)
      outputRows += 1
    }
  }
}
