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
  private let turning: Turning
  private let size: Int
  private let goesDownFirst: Bool
  /// Of the output before it is turned.
  private let columns, rows: Int
  private let ringStride: Int
  private let capacity: Int
  /// The latest rows: resampled ones, or the source's where the columns come first.
  private var ring: [UInt8] = []  // [capacity, ringStride]
  private var mixed: [UInt8]  // one row of `ring`'s width
  private var spare: [UInt8]  // a ring of one output row
  private var scratch: [UInt8]
  private var planes: [UInt8]  // [3, rows, columns], the output before it is turned
  private var inputRows = 0
  private var outputRows = 0

  /// - Parameters:
  ///   - width, height: the source's.
  ///   - turning: what comes after.
  ///   - placement: which part of the turned source goes where.
  ///   - size: side of the square output.
  init(width: Int, height: Int, turning: Turning, placement: Placement, size: Int) {
    let (turnedWidth, turnedHeight) = turning.swapsSides ? (height, width) : (width, height)
    let horizontal = TriangleFilter(
      inputs: turnedWidth, start: placement.left, end: placement.right, outputs: placement.width)
    let vertical = TriangleFilter(
      inputs: turnedHeight, start: placement.top, end: placement.bottom, outputs: placement.height)
    var (across, down) = turning.swapsSides ? (vertical, horizontal) : (horizontal, vertical)
    if turning.mirrorsColumns { across = across.mirrored(inputs: width) }
    if turning.mirrorsRows { down = down.mirrored(inputs: height) }
    let isTurnedDownFirst = turnedHeight - placement.height > 2 * max(0, turnedWidth - placement.width)
    goesDownFirst = isTurnedDownFirst != turning.swapsSides
    self.across = across.table(inputs: width)
    self.down = down
    self.placement = placement
    self.turning = turning
    self.size = size
    (columns, rows) = (across.bounds.count, down.bounds.count)
    let rowBytes = 3 * (goesDownFirst ? width : columns)
    ringStride = rowBytes + ResampleTable.spareBytes
    // The rows of one output, and a batch that may arrive beyond them.
    capacity = (down.bounds.map(\.count).max() ?? 1) + Self.largestBatch
    mixed = [UInt8](repeating: 0, count: rowBytes + ResampleTable.rowPadding)
    scratch = [UInt8](repeating: 0, count: self.across.scratchCount)
    spare = [UInt8](repeating: 0, count: 3 * columns + ResampleTable.spareBytes)
    planes = turning.isNone ? [] : [UInt8](repeating: 0, count: 3 * columns * rows)
  }

  /// What it will hold, as good as all in its window of rows, which is made when the first row comes.
  var byteCount: Int { capacity * ringStride }

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
  ///   - input: u8 [count, stride], interleaved RGB, padded by `ResampleTable.rowPadding`.
  ///   - target: u8 [3, size, size].
  mutating func consume(_ input: RawSpan, stride: Int, count: Int, into target: inout MutableSpan<UInt8>) {
    if ring.isEmpty { ring = [UInt8](repeating: 0, count: byteCount) }
    if goesDownFirst {
      ResampleColumns.store(
        input, stride: stride, count: count, ring: &ring, ringStride: ringStride, capacity: capacity,
        firstRow: inputRows)
    } else {
      across.apply(
        to: input, stride: stride, count: count, ring: &ring, ringStride: ringStride, capacity: capacity,
        firstRow: inputRows, scratch: &scratch)
    }
    inputRows += count
    while outputRows < rows, down.bounds[outputRows].upperBound <= inputRows {
      ResampleColumns.apply(
        ring: ring, ringStride: ringStride, capacity: capacity, first: down.bounds[outputRows].lowerBound,
        weights: down.weights[outputRows], row: &mixed, count: ringStride - ResampleTable.spareBytes)
      if goesDownFirst {
        let source = mixed
        across.apply(
          to: source.byteSpan, stride: source.count, count: 1, ring: &spare, ringStride: spare.count,
          capacity: 1, firstRow: 0, scratch: &scratch)
      }
      let row = goesDownFirst ? spare : mixed
      if turning.isNone {
        ResampleColumns.split(
          row, pixels: columns, into: &target, plane: size * size,
          offset: (placement.row + outputRows) * size + placement.column)
      } else {
        let (pixels, plane, offset) = (columns, rows * columns, outputRows * columns)
        var target = planes.mutableSpan
        ResampleColumns.split(row, pixels: pixels, into: &target, plane: plane, offset: offset)
      }
      outputRows += 1
      if outputRows == rows && !turning.isNone { turn(into: &target) }
    }
  }

  /// `planes` upright, to their place in `target`.
  private func turn(into target: inout MutableSpan<UInt8>) {
    for channel in 0..<3 {
      for row in 0..<placement.height {
        for column in 0..<placement.width {
          let source = turning.source(row: row, column: column, width: columns, height: rows)
          target[(channel * size + placement.row + row) * size + placement.column + column] =
            planes[(channel * rows + source.row) * columns + source.column]
        }
      }
    }
  }
}
