/// SplitMix64 (Steele, Lea and Flood, 2014), one stream for each scene, so that scenes can be drawn in any order.
package struct SceneRandom {
  private var state: UInt64

  package init(seed: UInt64, scene: Int) {
    // Mixed in between: neighbouring scenes must not be one stream, shifted.
    state = UInt64(scene)
    state = next() ^ seed
    state = next()
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A whole number below `bound`.
  package mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % bound }

  /// A number in `low ..< high`.
  package mutating func between(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * Float(next() >> 40) / 16_777_216
  }

  package mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }

  /// `count` different items, in random order.
  package mutating func pick<T>(_ count: Int, of items: [T]) -> [T] {
    var items = items
    for index in 0..<count { items.swapAt(index, index + below(items.count - index)) }
    return Array(items[..<count])
  }
}
