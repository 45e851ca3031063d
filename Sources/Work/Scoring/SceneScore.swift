package import JSON
import Scenes

/// How well captions describe drawn scenes: whether they name the main object's colour and shape, the two bound to each other.
package struct SceneScore: Sendable {
  package var scenes = 0
  package var rightColor = 0
  package var rightShape = 0
  package var rightBoth = 0

  package init() {}

  /// Counts one caption of a scene whose truth is `truth`, as `scenes.json` has it.
  package mutating func add(caption: String, truth: JSONValue) {
    let color = truth["main"]?["color"]?.string ?? ""
    let shape = truth["main"]?["shape"]?.string ?? ""
    let words = caption.lowercased().split { !$0.isLetter }.map(String.init)
    scenes += 1
    if words.contains(color) { rightColor += 1 }
    if words.contains(shape) { rightShape += 1 }
    if Self.binds(color, shape, words) { rightBoth += 1 }
  }

  package var share: Double { scenes == 0 ? 0 : Double(rightBoth) / Double(scenes) }

  /// The first shape that the caption names is the main object. Its colour stands before it (`red circle`) or after the next
  /// `is` (`circle … is red`, `circle that is red`). What the caption says of a second object does not count.
  static func binds(_ color: String, _ shape: String, _ words: [String]) -> Bool {
    guard let index = words.firstIndex(where: { shapes.contains($0) }), words[index] == shape else { return false }
    if index > 0, colors.contains(words[index - 1]) { return words[index - 1] == color }
    guard let verb = words[index...].firstIndex(of: "is"), verb + 1 < words.count else { return false }
    return words[verb + 1] == color
  }

  private static let shapes = Scene.Shape.allCases.map(\.rawValue)
  private static let colors = Scene.Color.allCases.map(\.rawValue)
}
