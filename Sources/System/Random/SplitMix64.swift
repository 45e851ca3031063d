/// SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): the project's one source of
/// randomness. Equal seeds give equal numbers everywhere.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  @usableFromInline var state: UInt64

  @inlinable package init(seed: UInt64) { state = seed }

  /// An independent sequence for each `stream` of a seed: each epoch's order, each scene, each row of a scene.
  ///
  /// Mixed twice: the sequences of neighbouring streams must not be one sequence, shifted.
  @inlinable package init(seed: UInt64, stream: UInt64) {
    var mixer = SplitMix64(seed: seed)
    var second = SplitMix64(seed: mixer.next() ^ (stream &* 0xD134_2543_DE82_EF95))
    state = second.next()
  }

  @inlinable package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
