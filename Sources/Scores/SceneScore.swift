public import JSON

/// How well captions describe drawn scenes: whether they name the main object's colour and shape, the two bound to each other.
public struct SceneScore: Sendable {
  public var scenes = 0
  public var rightColor = 0
  public var rightShape = 0
  public var rightBoth = 0

  public init() {}

  /// Counts one caption of a scene whose truth is `truth`, as `scenes.json` has it.
  public mutating func add(caption: String, truth: JSONValue) {
    let color = truth["main"]?["color"]?.string ?? ""
    let shape = truth["main"]?["shape"]?.string ?? ""
    let words = caption.split(separator: " ").map(String.init)
    scenes += 1
    if words.contains(color) { rightColor += 1 }
    if words.contains(shape) { rightShape += 1 }
    if Self.binds(color, shape, words) { rightBoth += 1 }
  }

  public var share: Double { scenes == 0 ? 0 : Double(rightBoth) / Double(scenes) }

  /// `red circle`, `circle … is red`, `circle that is red`: another object's colour beside the right shape does not count.
  static func binds(_ color: String, _ shape: String, _ words: [String]) -> Bool {
    for index in words.indices where words[index] == shape {
      if index > 0, words[index - 1] == color { return true }
      if let verb = words[index...].firstIndex(of: "is"), verb + 1 < words.count, words[verb + 1] == color {
        return true
      }
    }
    return false
  }
}
