import Diagnostics
import Files
import JSON
import Scenes
import TestSupport
import Testing

@Suite struct SceneDatasetTests {
  @Test func captionsNameTheMainObjectFirst() {
    let colors = Scene.Color.allCases.map(\.rawValue)
    let shapes = Scene.Shape.allCases.map(\.rawValue)
    for index in 0..<500 {
      let scene = Scene(seed: 5, index: index)
      #expect(scene.captions.count == 5 && Set(scene.captions).count == 5)
      for caption in scene.captions {
        let words = caption.lowercased().split { !$0.isLetter }.map(String.init)
        #expect(words.count <= 15, "\(caption)")
        #expect(words.first { colors.contains($0) } == scene.main.color.rawValue, "\(caption)")
        #expect(words.first { shapes.contains($0) } == scene.main.shape.rawValue, "\(caption)")
      }
    }
  }

  @Test func threadsAndExtentDoNotMatter() throws {
    let folder = try TemporaryFolder()
    func drawn(_ name: String, train: Int, threads: Int) throws -> [[UInt8]] {
      let set = SceneDataset(folder: folder.path + "/" + name, trainCount: train, validationCount: 3, seed: 4)
      try set.write(threads: threads, progress: SilentProgress())
      let images = set.folder + "/images"
      return try FileSystem.list(images).map { try contents(of: images + "/" + $0) }
        + set.outputs.map { try contents(of: $0) }
    }
    let one = try drawn("one", train: 5, threads: 1)
    #expect(one.count == 11)
    #expect(try drawn("three", train: 5, threads: 3) == one)
    // Scene 7 is scene 7 however many there are.
    #expect(try drawn("longer", train: 10, threads: 2)[..<8] == one[..<8])
  }

  /// Captions of an earlier series must not stay beside half of another's photographs.
  @Test func interruptedRunLeavesNoCaptions() throws {
    let folder = try TemporaryFolder()
    var set = SceneDataset(folder: folder.path + "/scenes", trainCount: 2, validationCount: 1, seed: 1)
    try set.write(threads: 1, progress: SilentProgress())
    set.seed = 2
    set.trainCount = 20
    let interrupted = set
    #expect(throws: Interrupted.self) { try interrupted.write(threads: 1, progress: StoppingProgress(after: 1)) }
    #expect(set.outputs.allSatisfy { !FileSystem.isFile($0) })
  }

  /// What is there and right is not drawn again; what is damaged is, and what came from elsewhere is left alone.
  @Test func anInterruptedRunGoesOn() throws {
    let folder = try TemporaryFolder()
    let set = SceneDataset(folder: folder.path + "/scenes", trainCount: 60, validationCount: 4, seed: 1)
    let whole = SceneDataset(folder: folder.path + "/whole", trainCount: 60, validationCount: 4, seed: 1)
    try whole.write(threads: 2, progress: SilentProgress())
    func photographs(_ set: SceneDataset) throws -> [[UInt8]] {
      let images = set.folder + "/images"
      return try FileSystem.list(images).map { try contents(of: images + "/" + $0) }
    }
    #expect(throws: Interrupted.self) { try set.write(threads: 1, progress: StoppingProgress(after: 16)) }
    let first = set.folder + "/images/000000000001.jpg"
    let second = set.folder + "/images/000000000002.jpg"
    let before = try FileSystem.status(of: first)?.identity
    try FileSystem.replace(second, with: "")
    #expect(throws: InputError.self) { try set.write(threads: 1, progress: SilentProgress()) }
    try FileSystem.remove(second)
    // Half a line, as a kill leaves it.
    let record = set.folder + "/scenes.record"
    try FileSystem.replace(record, with: String(try FileSystem.readText(record).dropLast(9)))
    let progress = StoppingProgress(after: .max)
    try set.write(threads: 2, progress: progress)
    #expect(progress.resumed == 15)
    #expect(try FileSystem.status(of: first)?.identity == before)
    #expect(try photographs(set) == photographs(whole))
  }

  @Test func filesFromElsewhereStay() throws {
    let folder = try TemporaryFolder()
    var set = SceneDataset(folder: folder.path, trainCount: 3, validationCount: 1, seed: 1)
    let foreign = folder.path + "/images/000000000002.jpg"
    try FileSystem.makeFolder(folder.path + "/images")
    try FileSystem.replace(foreign, with: "somebody's")
    let error = #expect(throws: InputError.self) { try set.write(threads: 1, progress: SilentProgress()) }
    #expect(error?.file == foreign)
    #expect(try FileSystem.readText(foreign) == "somebody's")
    try set.write(threads: 1, restarts: true, progress: SilentProgress())
    // Its own it may replace, by another series.
    set.seed = 2
    try set.write(threads: 1, progress: SilentProgress())
    let lock = try FolderLock(folder: folder.path)
    #expect(throws: InputError.self) { try set.write(threads: 1, progress: SilentProgress()) }
    withExtendedLifetime(lock) {}
  }
}
