import StageSupport
import Testing

@Suite struct ProgressLineTests {
  private func line(total: Int = 1000, done: Int = 0) -> ProgressLine {
    ProgressLine(phase: "decoding", total: total, done: done, unit: "images", now: 100)
  }

  /// What an earlier run finished took no time of this one.
  @Test func aResumedRunHasItsOwnRate() {
    var line = line(done: 900)
    #expect(line.text(name: "stage", width: nil, now: 101) == "stage: decoding 900/1000 images, -/s, -:-- left")
    line.advance(by: 20, now: 110)
    #expect(line.text(name: "stage", width: nil, now: 110) == "stage: decoding 920/1000 images, 2.0/s, 0:40 left")
  }

  @Test func anOldPauseIsForgotten() {
    var line = line(total: 100_000)
    line.advance(by: 10, now: 101)
    // Stopped for an hour, then ten a second.
    for second in 0..<60 { line.advance(by: 10, now: 3701 + Double(second)) }
    #expect(line.rate(now: 3760) == 10)
  }

  @Test func theLineFitsTheTerminal() {
    var line = line()
    line.advance(by: 500, now: 105)
    #expect(
      line.text(name: "stage", width: 200, now: 105)
        == "stage: decoding [############............] 500/1000 images, 100/s, 0:05 left")
    for width in 0..<100 { #expect(line.text(name: "stage", width: width, now: 105).count <= max(0, width - 1)) }
    #expect(
      line.text(name: "stage", width: 61, now: 105) == "stage: decoding [####....] 500/1000 images, 100/s, 0:05 left")
    #expect(line.text(name: "stage", width: 54, now: 105) == "stage: decoding 500/1000 images, 100/s, 0:05 left")
  }

  @Test func endlessTimesStayShort() {
    var line = line(total: .max)
    line.advance(by: 1, now: 105)
    #expect(line.text(name: "stage", width: nil, now: 105).hasSuffix(" >99 h left"))
  }
}
