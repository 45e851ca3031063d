package import JSON
import Random

/// What stands in a drawn scene: one main object, sometimes a smaller second one, and a background.
package struct Scene: Sendable {
  package enum Shape: String, CaseIterable, Sendable {
    case circle, square, triangle, star, ring, cross
  }

  package enum Color: String, CaseIterable, Sendable {
    case red, green, blue, yellow, orange, purple, white, black
  }

  /// None of them is an object's colour.
  package enum Background: String, CaseIterable, Sendable {
    case gray, brown, pink, tan
  }

  package enum Size: String, CaseIterable, Sendable {
    case small, large
  }

  package enum Position: String, CaseIterable, Sendable {
    case left, right, top, bottom, middle
  }

  package struct Item: Sendable {
    package var shape: Shape
    package var color: Color
    /// The centre and the radius, as shares of the image's shorter side; the centre counts from the image's centre.
    package var x: Float
    package var y: Float
    package var radius: Float
  }

  package var width: Int
  package var height: Int
  package var background: Background
  package var main: Item
  package var size: Size
  package var position: Position
  package var second: Item?
  /// Drives everything that is not named: shades, noise, the slope of the light.
  var detailSeed: UInt64
  package var captions: [String]

  /// Scene number `index` of the series `seed`; the same on every machine and in any order.
  package init(seed: UInt64, index: Int) {
    var random = SplitMix64(seed: seed, stream: UInt64(index))
    (width, height) = random.pick([(320, 240), (240, 320), (256, 256), (300, 224), (224, 288)])
    background = random.pick(Background.allCases)
    size = random.pick(Size.allCases)
    position = random.pick(Position.allCases)
    let reach: Float = 0.24
    let jitter: Float = 0.05
    var (x, y): (Float, Float) =
      switch position {
      case .left: (-reach, 0)
      case .right: (reach, 0)
      case .top: (0, -reach)
      case .bottom: (0, reach)
      case .middle: (0, 0)
      }
    x += random.uniform(-jitter, jitter)
    y += random.uniform(-jitter, jitter)
    let radius = size == .large ? random.uniform(0.24, 0.28) : random.uniform(0.14, 0.17)
    let colors = random.pick(2, of: Color.allCases)
    main = Item(shape: random.pick(Shape.allCases), color: colors[0], x: x, y: y, radius: radius)
    second = nil
    if random.index(below: 5) < 2 {
      // Across the image's centre from the main object, or in a corner where that one is in the middle.
      let away: Float = 0.34
      let (sx, sy): (Float, Float) =
        switch position {
        case .left: (away, random.uniform(-0.2, 0.2))
        case .right: (-away, random.uniform(-0.2, 0.2))
        case .top: (random.uniform(-0.2, 0.2), away)
        case .bottom: (random.uniform(-0.2, 0.2), -away)
        case .middle: (random.index(below: 2) == 0 ? -0.37 : 0.37, random.index(below: 2) == 0 ? -0.37 : 0.37)
        }
      second = Item(
        shape: random.pick(Shape.allCases), color: colors[1], x: sx, y: sy, radius: random.uniform(0.085, 0.1))
    }
    detailSeed = random.next()
    captions = []
    captions = Self.captions(of: self, &random)
  }

  /// The truth about the scene, for training and scoring.
  package var json: JSONValue {
    func item(_ item: Item) -> JSONValue {
      ["shape": .string(item.shape.rawValue), "color": .string(item.color.rawValue)]
    }
    return [
      "main": item(main), "size": .string(size.rawValue), "position": .string(position.rawValue),
      "background": .string(background.rawValue), "second": second.map(item) ?? .null,
    ]
  }
}
