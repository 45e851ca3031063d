import JSON
import Scoring
import Testing

@Suite struct SceneScoreTests {
  private static let truth: JSONValue = ["main": ["shape": "star", "color": "red"]]

  @Test(arguments: [
    "a small red star on the left and a blue circle", "the star in the middle is red",
    "a large star that is red at the top beside a blue star", "A picture of a big red star.",
  ])
  func right(caption: String) {
    var score = SceneScore()
    score.add(caption: caption, truth: Self.truth)
    #expect(score.rightBoth == 1 && score.rightColor == 1 && score.rightShape == 1)
  }

  /// What is right of the second object, or of neither, is wrong of the main one.
  @Test(arguments: [
    "a small blue circle on the left and a red star", "a large star that is blue at the top beside a red star",
    "the circle in the middle is red", "a blue star near a red circle", "the star is blue",
    "a star", "red", "",
  ])
  func wrong(caption: String) {
    var score = SceneScore()
    score.add(caption: caption, truth: Self.truth)
    #expect(score.scenes == 1 && score.rightBoth == 0 && score.share == 0)
  }

  @Test func sharesAreOfAllScenes() {
    var score = SceneScore()
    for caption in ["a red star", "a red circle", "a blue star", "a blue circle"] {
      score.add(caption: caption, truth: Self.truth)
    }
    #expect(score.rightColor == 2 && score.rightShape == 2 && score.rightBoth == 1 && score.share == 0.25)
  }
}
