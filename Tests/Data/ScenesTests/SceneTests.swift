import Scenes
import Testing

@Suite struct SceneTests {
  @Test func aSceneDependsOnItsSeedAndNumberAlone() {
    let one = Scene(seed: 7, index: 41)
    #expect(one.draw() == Scene(seed: 7, index: 41).draw())
    #expect(one.draw() != Scene(seed: 8, index: 41).draw())
    #expect(one.draw() != Scene(seed: 7, index: 42).draw())
  }

  @Test func everyCaptionNamesTheMainObject() {
    for index in 0..<300 {
      let scene = Scene(seed: 1, index: index)
      #expect(scene.captions.count == 5)
      #expect(Set(scene.captions).count == 5)
      for caption in scene.captions {
        let words = caption.lowercased().split { !$0.isLetter }
        #expect(
          words.contains { $0 == scene.main.color.rawValue } && words.contains { $0 == scene.main.shape.rawValue })
        #expect(words.count <= 15, "\(caption)")
      }
    }
  }

  /// English: "an orange ring", "a purple one".
  @Test func articlesFitTheirWords() {
    var counts = ["a": 0, "an": 0]
    for index in 0..<300 {
      for caption in Scene(seed: 1, index: index).captions {
        let words = caption.lowercased().split { !$0.isLetter }.map(String.init)
        for (article, word) in zip(words, words.dropFirst()) where counts[article] != nil {
          #expect((article == "an") == "aeiou".contains(word.prefix(1)), "\(caption)")
          counts[article, default: 0] += 1
        }
      }
    }
    #expect(counts.values.allSatisfy { $0 > 50 }, "\(counts)")
  }

  @Test func theMainObjectCoversItsCentreInItsColour() {
    // A red disc of known place: the pixel at its centre is red, the corners are not.
    for index in 0..<400 {
      let scene = Scene(seed: 3, index: index)
      guard scene.main.color == .red, scene.main.shape == .circle else { continue }
      let side = Float(min(scene.width, scene.height))
      let x = Int(Float(scene.width) / 2 + scene.main.x * side)
      let y = Int(Float(scene.height) / 2 + scene.main.y * side)
      let pixels = scene.draw()
      let start = (y * scene.width + x) * 3
      #expect(pixels[start] > 150 && pixels[start + 1] < 90 && pixels[start + 2] < 90)
    }
  }

  @Test func allKindsAppear() {
    let scenes = (0..<400).map { Scene(seed: 1, index: $0) }
    #expect(Set(scenes.map(\.main.color)).count == Scene.Color.allCases.count)
    #expect(Set(scenes.map(\.main.shape)).count == Scene.Shape.allCases.count)
    #expect(Set(scenes.map(\.position)).count == Scene.Position.allCases.count)
    let withSecond = scenes.count { $0.second != nil }
    #expect((100...220).contains(withSecond))
  }
}
