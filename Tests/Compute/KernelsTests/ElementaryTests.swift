import Files
import JSON
import Kernels
import TestSupport
import Testing

/// Against numbers of 50 digits, made by Tests/References/elementary.py.
struct ElementaryTests {
  @Test(arguments: ["log", "exp", "cos"]) func isRightToOneUnitInTheLastPlace(_ name: String) throws {
    let text = try FileSystem.readText(SharedData.repository + "/Tests/References/elementary.json")
    let rows = try #require(try JSONValue(parsing: text)[name]?.array)
    #expect(rows.count > 300)
    for row in rows {
      let pair = (row.array ?? []).compactMap(\.string).compactMap { Double($0) }
      try #require(pair.count == 2)
      let found =
        switch name {
        case "log": Elementary.log(pair[0])
        case "exp": Elementary.exp(pair[0])
        default: Elementary.cos(pair[0])
        }
      // The reference is rounded itself: one unit from the exact number is at most one from it.
      #expect(abs(found - pair[1]) <= pair[1].ulp, "\(name)(\(pair[0])) is \(found), expected \(pair[1])")
    }
  }

  @Test func whatHasNoNumberHasNone() {
    #expect(Elementary.log(0) == -.infinity && Elementary.log(.infinity) == .infinity)
    #expect(Elementary.log(-1).isNaN && Elementary.log(.nan).isNaN)
    #expect(Elementary.exp(-.infinity) == 0 && Elementary.exp(.infinity) == .infinity)
    #expect(Elementary.exp(710) == .infinity && Elementary.exp(-746) == 0 && Elementary.exp(.nan).isNaN)
    #expect(Elementary.cos(.infinity).isNaN && Elementary.cos(.nan).isNaN && Elementary.cos(1e7).isNaN)
  }
}
