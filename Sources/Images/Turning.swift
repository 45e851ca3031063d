/// A whole picture in memory, for those that must be turned before they are resampled.
struct Picture {
  var width, height: Int
  var pixels: [UInt8]  // [height, width, 3]

  /// The picture as EXIF orientation 2 to 8 wants it seen (Pillow's `ImageOps.exif_transpose`).
  func turned(_ orientation: Int) -> Picture {
    let swapsSides = orientation >= 5
    let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
    var turned = [UInt8](repeating: 0, count: pixels.count)
    for row in 0..<newHeight {
      for column in 0..<newWidth {
        let (sourceRow, sourceColumn) =
          switch orientation {
          case 2: (row, width - 1 - column)  // mirrored left to right
          case 3: (height - 1 - row, width - 1 - column)  // upside down
          case 4: (height - 1 - row, column)  // mirrored top to bottom
          case 5: (column, row)  // transposed
          case 6: (height - 1 - column, row)  // to be turned clockwise
          case 7: (height - 1 - column, width - 1 - row)  // transposed over the other diagonal
          case 8: (column, width - 1 - row)  // to be turned counterclockwise
          default: (row, column)
          }
        let source = 3 * (sourceRow * width + sourceColumn)
        let target = 3 * (row * newWidth + column)
        turned[target] = pixels[source]
        turned[target + 1] = pixels[source + 1]
        turned[target + 2] = pixels[source + 2]
      }
    }
    return Picture(width: newWidth, height: newHeight, pixels: turned)
  }
}
