/// How a photograph of any shape becomes a square.
package enum Fit: String, Sendable, CaseIterable {
  /// The whole photograph, its sides scaled apart (Pillow's `resize`).
  case stretch
  /// The largest square at its centre (Pillow's `ImageOps.fit`).
  case crop
  /// The whole photograph at its own proportions between black bars (Pillow's `ImageOps.pad`).
  case pad

  /// What of a source of `width` x `height` goes where in a square of `size`.
  func placement(width: Double, height: Double, size: Int) -> Placement {
    var placement = Placement(
      left: 0, top: 0, right: width, bottom: height, width: size, height: size, column: 0, row: 0)
    switch self {
    case .stretch: break
    case .crop:
      let side = min(width, height)
      placement.left = (width - side) * 0.5
      placement.top = (height - side) * 0.5
      placement.right = placement.left + side
      placement.bottom = placement.top + side
    case .pad:
      // Halves go to the even side, as Python's round does.
      if width > height {
        placement.height = max(1, Int((height / width * Double(size)).rounded(.toNearestOrEven)))
        placement.row = Int((Double(size - placement.height) * 0.5).rounded(.toNearestOrEven))
      } else if height > width {
        placement.width = max(1, Int((width / height * Double(size)).rounded(.toNearestOrEven)))
        placement.column = Int((Double(size - placement.width) * 0.5).rounded(.toNearestOrEven))
      }
    }
    return placement
  }
}

/// A rectangle of the source and the rectangle of the output it fills.
struct Placement: Equatable {
  /// In source pixels.
  var left, top, right, bottom: Double
  /// In output pixels.
  var width, height: Int
  var column, row: Int
}

/// Which pixels a photograph comes to.
package enum Resampling: String, Sendable, CaseIterable {
  /// Full decode, then Pillow's antialiased bilinear: the pixels that a Python user gets.
  case exact
  /// libjpeg decodes at 1/2, 1/4 or 1/8 of the size where that is still no smaller than the output.
  case fast
}
