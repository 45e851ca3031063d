import Diagnostics
import Files
import Images
import TestSupport
import Testing

/// The one verdict on a photograph, and what is none.
@Suite struct PhotographReaderTests {
  private let reader = PhotographReader(ImageOptions(size: 16))
  private static let photograph = SharedData.repository + "/Tests/References/jpegs/rgb444.jpg"

  private func read(_ path: String) throws -> PhotographOutcome? {
    var pixels = [UInt8](repeating: 0, count: reader.byteCount)
    return try reader.read(path, of: .anywhere, into: &pixels, at: 0)
  }

  @Test func contentHasAVerdict() throws {
    #expect(try read(Self.photograph) == .ok)
    let folder = try TemporaryFolder()
    var bytes = try contents(of: Self.photograph)
    // A run of ones, which is no Huffman code, in the middle of the data.
    let begin = bytes.count * 2 / 3
    for place in begin..<begin + 20 { bytes[place] = (place - begin) % 2 == 0 ? 0xFF : 0 }
    try FileSystem.replace(folder.path + "/mended.jpg", with: bytes)
    guard case .recovered(let reason) = try read(folder.path + "/mended.jpg") else {
      Issue.record("libjpeg's complaint is not told")
      return
    }
    #expect(!reason.isEmpty)
    try FileSystem.replace(folder.path + "/none.jpg", with: "no photograph")
    for path in [folder.path + "/none.jpg", folder.path] {
      guard case .skipped = try read(path) else {
        Issue.record("\(path) is no photograph")
        return
      }
    }
  }

  /// What the machine fails at says nothing about the photograph: here the name is too long for it.
  @Test func theMachinesFailureIsNoVerdict() {
    let error = #expect(throws: InputError.self) { try read("/" + String(repeating: "n", count: 300) + ".jpg") }
    #expect(error?.errorNumber != nil)
  }
}
