import Random
import Testing

/// The numbers come from Tests/References/random_streams.py, whose generator agrees with SplitMix64's published ones.
@Suite struct SplitMix64Tests {
  @Test func theFirstNumbersAreThePublishedOnes() {
    var random = SplitMix64(seed: 1_234_567)
    let published: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    #expect(published.map { _ in random.next() } == published)
  }

  @Test(arguments: [
    (
      UInt64(1), UInt64(0),
      [12_793_040_940_332_582_595, 17_925_934_194_126_948_328, 7_868_805_697_131_187_933] as [UInt64]
    ),
    (1, 1, [13_341_209_923_332_438_058, 1_976_434_000_869_934_397, 10_981_223_109_791_324_120]),
    (20_261_123, 7, [10_428_827_910_059_631_516, 17_632_482_366_875_304_897, 16_273_268_789_268_281_461]),
  ])
  func streamsAreTheReferences(seed: UInt64, stream: UInt64, expected: [UInt64]) {
    var random = SplitMix64(seed: seed, stream: stream)
    #expect(expected.map { _ in random.next() } == expected)
  }

  /// Of this bound a quarter of the draws must be thrown away: the rest of a division would make small indices likelier.
  @Test func indicesAreEven() {
    var random = SplitMix64(seed: 5)
    let expected = [
      217_082_132_513_276_762, 4_292_726_422_858_613_063, 1_832_488_697_174_800_709, 3_467_252_261_107_883_461,
      103_466_452_308_672_580, 2_510_629_330_625_359_659,
    ]
    #expect(expected.map { _ in random.index(below: 6 << 60) } == expected)
    var low = 0
    for _ in 0..<10_000 where random.index(below: 6 << 60) < 3 << 60 { low += 1 }
    #expect((4_800...5_200).contains(low), "\(low) of 10000 in the lower half")
    #expect((0..<20).allSatisfy { _ in random.index(below: 1) == 0 })
  }

  @Test func shufflesAreTheReferences() {
    var random = SplitMix64(seed: 9)
    var items = Array(0..<12)
    random.shuffle(&items)
    #expect(items == [3, 2, 10, 6, 5, 9, 7, 1, 0, 8, 11, 4])
  }

  @Test func picksDifferAndAllComeUp() {
    var random = SplitMix64(seed: 3)
    var seen: Set<[Int]> = []
    for _ in 0..<2_000 {
      let picked = random.pick(2, of: [0, 1, 2, 3])
      #expect(picked.count == 2 && picked[0] != picked[1])
      seen.insert(picked)
    }
    #expect(seen.count == 12)
    #expect(Set((0..<200).map { _ in random.pick(["a", "b", "c"]) }) == ["a", "b", "c"])
  }

  @Test func uniformNumbersStayInTheirRange() {
    var random = SplitMix64(seed: 2)
    let doubles = (0..<10_000).map { _ in random.uniform() }
    #expect(doubles.allSatisfy { 0 <= $0 && $0 < 1 })
    #expect(abs(doubles.reduce(0, +) / 10_000 - 0.5) < 0.01)
    let floats = (0..<10_000).map { _ in random.uniform(-3, 5) }
    #expect(floats.allSatisfy { -3 <= $0 && $0 < 5 })
    #expect(abs(floats.reduce(0, +) / 10_000 - 1) < 0.1)
    #expect((0..<1_000).allSatisfy { _ in abs(random.uniform(bound: 0.25)) <= 0.25 })
  }
}
