import Kernels

/// SplitMix64 (Steele, Lea & Flood 2014): the project's one source of randomness. Equal seeds give equal sequences everywhere.
package struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// An independent sequence for each `stream` of a seed, as for each epoch's order.
  package init(seed: UInt64, stream: UInt64) {
    var mixer = RandomSource(seed: seed)
    var second = RandomSource(seed: mixer.next() ^ (stream &* 0xD134_2543_DE82_EF95))
    state = second.next()
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Evenly distributed in [0, 1), 53 bits.
  package mutating func uniform() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  /// Evenly distributed in [-bound, bound).
  package mutating func uniform(bound: Float) -> Float { Float((uniform() * 2 - 1) * Double(bound)) }

  /// Normally distributed, mean 0 and deviation 1 (Box & Muller 1958, the cosine branch).
  package mutating func normal() -> Double {
    let radius = (-2 * Elementary.log(1 - uniform())).squareRoot()
    return radius * Elementary.cos(2 * Double.pi * uniform())
  }

  /// An even number below `limit`, by rejection.
  package mutating func index(below limit: Int) -> Int {
    let range = UInt64(limit)
    let cut = (0 &- range) % range
    while true {
      let value = next()
      if value >= cut { return Int(value % range) }
    }
  }

  /// Shuffles in place (Fisher & Yates).
  package mutating func shuffle(_ items: inout [Int]) {
    for last in stride(from: items.count - 1, to: 0, by: -1) { items.swapAt(last, index(below: last + 1)) }
  }
}
