import Reporting
import Testing

@Suite struct LossCurveTests {
  /// The points of each series' line, (x, y), y downwards as SVG has it.
  private func lines(_ curve: LossCurve) -> [[(x: Double, y: Double)]] {
    curve.svg.split(separator: "\n").filter { $0.hasPrefix("<polyline") }.map { line in
      line.split(separator: "\"")[1].split(separator: " ").map { point in
        let numbers = point.split(separator: ",").compactMap { Double($0) }
        return (numbers[0], numbers[1])
      }
    }
  }

  @Test func epochsGoRightAndLossesUp() throws {
    let found = lines(
      LossCurve(title: "t", series: [.init("training", [8, 4, 2, 1]), .init("validation", [8, 6, 6, 7])]))
    try #require(found.map(\.count) == [4, 4])
    for line in found {
      for (one, next) in zip(line, line.dropFirst()) { #expect(next.x - one.x == 240) }
      #expect(line.first?.x == 70 && line.last?.x == 790)
    }
    // A lower loss is farther down; half the loss is half as high above the axis at 400.
    let heights = found.map { $0.map { 400 - $0.y } }
    #expect(heights[0][0] > 0 && heights[0][0] <= 350)
    for (height, loss) in zip(heights[0], [8.0, 4, 2, 1]) { #expect(abs(height / heights[0][0] - loss / 8) < 1e-3) }
    for (height, loss) in zip(heights[1], [8.0, 6, 6, 7]) { #expect(abs(height / heights[0][0] - loss / 8) < 1e-3) }
  }

  @Test func oneEpochIsAPoint() {
    let svg = LossCurve(title: "a < b & c", series: [.init("training", [2.5])]).svg
    #expect(svg.contains("<circle") && svg.contains("a &lt; b &amp; c") && svg.contains("training 2.5"))
  }

  @Test func whatIsNoNumberIsLeftOut() {
    let found = lines(LossCurve(title: "t", series: [.init("training", [3, .nan, .infinity, 1])]))
    #expect(found.map { $0.map(\.x) } == [[70, 790]])
  }
}
