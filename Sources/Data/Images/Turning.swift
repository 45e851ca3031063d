/// How a picture must be turned to stand upright: EXIF's orientation 1 to 8, as Pillow's `ImageOps.exif_transpose` takes it.
///
/// Photographs are turned after they were resampled, when they are small: the filter of an axis that runs backwards is the mirrored filter,
/// and where the sides are swapped the passes are. All sums are of integers, so every pixel is that of the turned picture.
struct Turning: Equatable {
  var orientation: Int

  var isNone: Bool { orientation == 1 }
  /// The picture's columns become rows.
  var swapsSides: Bool { orientation >= 5 }
  /// Seen upright, the picture's columns (its rows) run from the last to the first.
  var mirrorsColumns: Bool { [2, 3, 7, 8].contains(orientation) }
  var mirrorsRows: Bool { [3, 4, 6, 7].contains(orientation) }

  /// Where in the picture, `width` x `height` before it is turned, the pixel at `row` and `column` of the turned one lies.
  func source(row: Int, column: Int, width: Int, height: Int) -> (row: Int, column: Int) {
    let (first, second) = swapsSides ? (column, row) : (row, column)
    return (mirrorsRows ? height - 1 - first : first, mirrorsColumns ? width - 1 - second : second)
  }
}

extension TriangleFilter {
  /// The filter of the same axis seen from its other end.
  func mirrored(inputs: Int) -> TriangleFilter {
    var mirrored = self
    mirrored.bounds = bounds.reversed().map { inputs - $0.upperBound..<inputs - $0.lowerBound }
    mirrored.weights = weights.reversed().map { $0.reversed() }
    return mirrored
  }
}
