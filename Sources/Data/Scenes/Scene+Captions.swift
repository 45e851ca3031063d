import Random

extension Scene {
  /// Five captions of different grammar; each names the main object's colour and shape.
  static func captions(of scene: Scene, _ random: inout SplitMix64) -> [String] {
    let color = scene.main.color.rawValue
    let shape = scene.main.shape.rawValue
    let size = scene.size == .large ? random.pick(["large", "big"]) : random.pick(["small", "little"])
    let background = scene.background.rawValue
    let place =
      switch scene.position {
      case .left: "on the left"
      case .right: "on the right"
      case .top: "at the top"
      case .bottom: "at the bottom"
      case .middle: "in the middle"
      }
    func article(_ word: String) -> String { "aeiou".contains(word.first ?? "x") ? "an \(word)" : "a \(word)" }
    let other = scene.second.map { "\(article($0.color.rawValue)) \($0.shape.rawValue)" }
    func tail(_ joint: String, _ end: String = "") -> String { other.map { " \(joint) \($0)\(end)" } ?? "" }
    let sentences = [
      "\(article(size)) \(color) \(shape) \(place)\(tail("and"))",
      "There is \(article(color)) \(shape) \(place) of a \(background) background.",
      "A picture of \(article(size)) \(color) \(shape)\(tail("with")).",
      "The \(shape) \(place) is \(color)",
      "\(article(color)) \(shape) on a \(background) background\(tail("with", " nearby"))",
      "This \(background) scene shows \(article(color)) \(shape)\(tail("near")).",
      "\(article(size)) \(shape) that is \(color), \(place)\(tail("beside"))",
    ]
    return random.pick(5, of: sentences).map { $0.prefix(1).uppercased() + $0.dropFirst() }
  }
}
