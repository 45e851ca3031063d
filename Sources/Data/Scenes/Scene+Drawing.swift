import Random

/// A colour with room for light: red, green and blue in 0…255.
private typealias Shade = SIMD3<Float>

extension Scene {
  /// Draws the scene, antialiased. Only additions, products and square roots are used, so every machine draws the same pixels.
  ///
  /// - Returns: u8 [height, width, 3].
  package func draw() -> [UInt8] {
    var random = SplitMix64(seed: detailSeed, stream: 0)
    func shade(_ base: SIMD3<Float>, _ spread: Float) -> Shade {
      Shade(
        base.x + random.uniform(-spread, spread), base.y + random.uniform(-spread, spread),
        base.z + random.uniform(-spread, spread))
    }
    let ground = shade(background.shade, 14)
    let slope = SIMD2<Float>(random.uniform(-30, 30), random.uniform(-30, 30))
    let noise = random.uniform(2, 12)
    let items = [main, second].compactMap(\.self).map { ($0, shade($0.color.shade, 12)) }
    let side = Float(min(width, height))
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    for row in 0..<height {
      var grain = SplitMix64(seed: detailSeed, stream: UInt64(row + 1))
      for column in 0..<width {
        let x = (Float(column) + 0.5 - Float(width) / 2) / side
        let y = (Float(row) + 0.5 - Float(height) / 2) / side
        var color = ground + slope.x * x + slope.y * y
        for (item, itemShade) in items {
          let distance = item.distance(x, y) * side
          if distance < 0.5 {
            let cover = min(1, 0.5 - distance)
            color = color * (1 - cover) + itemShade * cover
          }
        }
        color += Float(Int(grain.next() >> 56) - 128) / 128 * noise
        let start = (row * width + column) * 3
        for channel in 0..<3 { pixels[start + channel] = UInt8(min(255, max(0, color[channel] + 0.5))) }
      }
    }
    return pixels
  }
}

extension Scene.Color {
  fileprivate var shade: SIMD3<Float> {
    switch self {
    case .red: [205, 30, 35]
    case .green: [30, 150, 50]
    case .blue: [30, 70, 210]
    case .yellow: [240, 220, 40]
    case .orange: [245, 135, 20]
    case .purple: [125, 40, 160]
    case .white: [240, 240, 240]
    case .black: [18, 18, 18]
    }
  }
}

extension Scene.Background {
  fileprivate var shade: SIMD3<Float> {
    switch self {
    case .gray: [130, 132, 134]
    case .brown: [105, 72, 45]
    case .pink: [240, 170, 190]
    case .tan: [205, 180, 140]
    }
  }
}

extension Scene.Item {
  /// The signed distance of a point from the item's edge; negative inside.
  fileprivate func distance(_ px: Float, _ py: Float) -> Float {
    let x = (px - self.x) / radius
    let y = (py - self.y) / radius
    let length = (x * x + y * y).squareRoot()
    if length > 1.5 { return (length - 1.45) * radius }
    let unit: Float =
      switch shape {
      case .circle: length - 1
      case .ring: abs(length - 0.78) - 0.22
      case .square: max(abs(x), abs(y)) - 0.88
      case .cross: min(max(abs(x) - 0.3, abs(y) - 1), max(abs(x) - 1, abs(y) - 0.3))
      case .triangle: Self.distance(x, y, to: Self.triangle)
      case .star: Self.distance(x, y, to: Self.star)
      }
    return unit * radius
  }

  private static let triangle: [SIMD2<Float>] = [[0, -1.05], [1, 0.8], [-1, 0.8]]

  /// Ten corners on circles of radius 1.1 and 0.45; the factors are sines and cosines of multiples of 36°.
  private static let star: [SIMD2<Float>] = {
    let directions: [SIMD2<Float>] = [
      [0, -1], [0.587_785_3, -0.809_017], [0.951_056_5, -0.309_017], [0.951_056_5, 0.309_017],
      [0.587_785_3, 0.809_017],
      [0, 1], [-0.587_785_3, 0.809_017], [-0.951_056_5, 0.309_017], [-0.951_056_5, -0.309_017],
      [-0.587_785_3, -0.809_017],
    ]
    return directions.enumerated().map { $1 * ($0 % 2 == 0 ? 1.1 : 0.45) }
  }()

  private static func distance(_ x: Float, _ y: Float, to corners: [SIMD2<Float>]) -> Float {
    let point = SIMD2(x, y)
    var nearest = Float.infinity
    var isInside = false
    var previous = corners[corners.count - 1]
    for corner in corners {
      let edge = corner - previous
      let offset = point - previous
      let along = min(1, max(0, (offset * edge).sum() / (edge * edge).sum()))
      let gap = offset - edge * along
      nearest = min(nearest, (gap * gap).sum())
      if (corner.y > y) != (previous.y > y), x < edge.x * (y - previous.y) / edge.y + previous.x { isInside.toggle() }
      previous = corner
    }
    return isInside ? -nearest.squareRoot() : nearest.squareRoot()
  }
}
