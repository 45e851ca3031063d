package import JSON
import Random

/// Which images of a split are taken, and which of their captions. Deterministic.
package struct Selection: Sendable, Equatable {
  package enum Images: Sendable, Equatable {
    case all
    /// The first N in the order of the file.
    case first(Int)
    /// N drawn without replacement, kept in the order of the file.
    case sample(Int)

    var json: JSONValue {
      switch self {
      case .all: "all"
      case .first(let count): ["first": .integer(count)]
      case .sample(let count): ["sample": .integer(count)]
      }
    }
  }

  /// For splits that `bySplit` doesn't name.
  package var images: Images
  package var bySplit: [(split: String, images: Images)]
  /// Of `.sample`: a partial Fisher-Yates shuffle of the positions by SplitMix64, from the start for each split.
  package var seed: UInt64
  /// The first k captions of an image in the order of the file; nil takes all.
  package var captionsPerImage: Int?

  package init(
    images: Images = .all, bySplit: [(split: String, images: Images)] = [], seed: UInt64 = 0,
    captionsPerImage: Int? = nil
  ) {
    self.images = images
    self.bySplit = bySplit
    self.seed = seed
    self.captionsPerImage = captionsPerImage
  }

  package static func == (one: Selection, other: Selection) -> Bool { one.json == other.json }

  package func images(ofSplit split: String) -> Images {
    bySplit.last { $0.split == split }?.images ?? images
  }

  /// The same images with all their captions: what photographs and features depend on.
  package var ofImages: Selection { Selection(images: images, bySplit: bySplit, seed: seed) }

  /// As it stands in the configuration of `images.h5` and `captions.h5`.
  package var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("images", images.json), .init("captions_per_image", captionsPerImage.map { .integer($0) } ?? "all"),
    ]
    // A split for which the same is asked as for all is not named: both ways of saying it choose the same.
    var named: [JSONValue.Member] = []
    for (split, _) in bySplit where images(ofSplit: split) != images && !named.contains(where: { $0.key == split }) {
      named.append(.init(split, images(ofSplit: split).json))
    }
    if !named.isEmpty { members.append(.init("images_by_split", .object(named))) }
    let isSampled = ([images] + bySplit.map(\.images)).contains { if case .sample = $0 { true } else { false } }
    if isSampled { members.append(.init("seed", .string(String(seed)))) }
    return .object(members)
  }

  /// The positions of a split's chosen images among `count`, rising.
  package func positions(ofSplit split: String, count: Int) -> [Int] {
    switch images(ofSplit: split) {
    case .all: return Array(0..<count)
    case .first(let wanted): return Array(0..<min(wanted, count))
    case .sample(let wanted):
      var positions = Array(0..<count)
      var random = SplitMix64(seed: seed)
      let chosen = min(wanted, count)
      for index in 0..<chosen {
        positions.swapAt(index, index + random.index(below: count - index))
      }
      return positions[..<chosen].sorted()
    }
  }
}
