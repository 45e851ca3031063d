extension SplitMix64 {
  /// Evenly distributed in [0, 1), 53 bits.
  @inlinable package mutating func uniform() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  /// Evenly distributed in ±`bound`.
  @inlinable package mutating func uniform(bound: Float) -> Float { Float((uniform() * 2 - 1) * Double(bound)) }

  /// Evenly distributed from `low` to `high`, 24 bits.
  @inlinable package mutating func uniform(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * Float(next() >> 40) / 16_777_216
  }

  /// An index below `count`, each as likely as any other: draws above the largest multiple of `count` are thrown away.
  @inlinable package mutating func index(below count: Int) -> Int {
    precondition(count > 0, "there is no index below \(count)")
    let count = UInt64(count)
    let excess = (UInt64.max % count + 1) % count
    while true {
      let value = next()
      if value <= UInt64.max - excess { return Int(value % count) }
    }
  }

  /// Shuffles in place (Fisher & Yates).
  @inlinable package mutating func shuffle<Item>(_ items: inout [Item]) {
    for last in stride(from: items.count - 1, to: 0, by: -1) { items.swapAt(last, index(below: last + 1)) }
  }

  /// One of the items, of which there must be some.
  @inlinable package mutating func pick<Item>(_ items: [Item]) -> Item { items[index(below: items.count)] }

  /// `count` different items in random order: the first steps of a shuffle that begins at the front.
  @inlinable package mutating func pick<Item>(_ count: Int, of items: [Item]) -> [Item] {
    var items = items
    for position in 0..<count { items.swapAt(position, position + index(below: items.count - position)) }
    return Array(items[..<count])
  }
}
