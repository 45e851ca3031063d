import Caches
import Diagnostics
import Files
import ImageCaching
import Images
import JPEG
import JSON
import TestSupport
import Testing

@Suite struct ImageCacheJobTests {
  /// A small photograph, another one for each number.
  static func jpeg(_ number: Int) throws -> [UInt8] {
    var pixels: [UInt8] = []
    for y in 0..<24 { for x in 0..<32 { pixels += [UInt8(x * 7), UInt8(y * 9), UInt8(number % 256)] } }
    return try encodeJPEG(pixels.byteSpan, width: 32, height: 24, quality: 90)
  }

  static func folder(_ path: String, count: Int) throws {
    try FileSystem.makeFolder(path)
    for number in 0..<count { try FileSystem.replace(FileSystem.join(path, "\(number).jpg"), with: jpeg(number)) }
  }

  static func job(_ photographs: String, count: Int, failures: Int = 0, threads: Int = 2) throws -> ImageCacheJob {
    ImageCacheJob(
      splits: [("train", try PhotographSource(path: photographs))],
      photographs: (0..<count).map { Photograph(imageID: Int64(100 + $0), fileName: "\($0).jpg", split: 0) },
      options: ImageOptions(size: 8), configuration: ["size": 8], annotationDigests: [("annotations_train", "abc")],
      maximumFailures: failures, threads: threads)
  }

  @Test func interruptedRunsEndInTheSameBytes() throws {
    let scratch = try TemporaryFolder()
    let photographs = FileSystem.join(scratch.path, "photographs")
    try Self.folder(photographs, count: 150)
    let whole = FileSystem.join(scratch.path, "whole.h5")
    let summary = try Self.job(photographs, count: 150, threads: 1).run(path: whole, progress: SilentProgress())
    #expect(summary.rows == 150 && summary.isPublished)

    let stopped = FileSystem.join(scratch.path, "stopped.h5")
    var resumed: [Int] = []
    for _ in 0..<20 {
      let stopper = StoppingProgress(after: 70)
      let job = try Self.job(photographs, count: 150)
      let isDone = (try? job.run(path: stopped, progress: stopper)) != nil
      resumed.append(stopper.resumed)
      if isDone { break }
    }
    #expect(resumed.count > 1 && resumed == resumed.sorted() && (resumed.last ?? 0) > 0)
    #expect(try contents(of: stopped) == contents(of: whole))
  }

  @Test func changedPhotographIsDecodedAgain() throws {
    let scratch = try TemporaryFolder()
    let photographs = FileSystem.join(scratch.path, "photographs")
    try Self.folder(photographs, count: 150)
    let path = FileSystem.join(scratch.path, "images.h5")
    let interrupted = try Self.job(photographs, count: 150, threads: 1)
    #expect(throws: Interrupted.self) { _ = try interrupted.run(path: path, progress: StoppingProgress(after: 100)) }
    try FileSystem.replace(FileSystem.join(photographs, "40.jpg"), with: Self.jpeg(255))
    let second = StoppingProgress(after: 1000)
    _ = try Self.job(photographs, count: 150).run(path: path, progress: second)
    // Blocks are of 32: only the one before the changed photograph's was kept.
    #expect(second.resumed == 32)
    let fresh = FileSystem.join(scratch.path, "fresh.h5")
    _ = try Self.job(photographs, count: 150).run(path: fresh, progress: SilentProgress())
    #expect(try contents(of: path) == contents(of: fresh))
  }

  @Test func failuresAreInTheLedgerAndShiftNobody() throws {
    let scratch = try TemporaryFolder()
    let photographs = FileSystem.join(scratch.path, "photographs")
    try Self.folder(photographs, count: 10)
    try FileSystem.remove(FileSystem.join(photographs, "3.jpg"))
    try FileSystem.replace(FileSystem.join(photographs, "6.jpg"), with: Array(Self.jpeg(6).dropLast(100)))
    let path = FileSystem.join(scratch.path, "images.h5")
    let refused = try Self.job(photographs, count: 10, failures: 1).run(path: path, progress: SilentProgress())
    #expect(!refused.isPublished && refused.skipped.map(\.imageID) == [103, 106] && !FileSystem.isFile(path))

    let accepted = try Self.job(photographs, count: 10, failures: 2).run(path: path, progress: SilentProgress())
    #expect(accepted.isPublished && accepted.resumed == 10)
    let cache = try CacheReader(path: path, format: ImageCacheJob.format)
    #expect(try cache.int64("image_ids") == [100, 101, 102, 104, 105, 107, 108, 109])
    #expect(try cache.int64("ledger/image_ids") == (100..<110).map { Int64($0) })
    let reasons = try cache.text("ledger/reasons")
    #expect(reasons[3] == "file not there" && reasons[6].hasPrefix("the file ends before the picture does"))
    let images = try cache.rows("images")
    #expect(images.shape == [8, 3, 8, 8])
    let file = try Self.jpeg(7)
    let expected = try ImageReader(ImageOptions(size: 8)).read(file.byteSpan).pixels
    let found = images.row(5).values(at: 0, count: 192, as: UInt8.self)
    #expect(found == expected)
  }

  /// `--force`: what an interrupted run decoded is decoded again.
  @Test func aRestartKeepsNothing() throws {
    let scratch = try TemporaryFolder()
    let photographs = FileSystem.join(scratch.path, "photographs")
    try Self.folder(photographs, count: 150)
    let path = FileSystem.join(scratch.path, "images.h5")
    let interrupted = try Self.job(photographs, count: 150, threads: 1)
    #expect(throws: Interrupted.self) { _ = try interrupted.run(path: path, progress: StoppingProgress(after: 100)) }
    var job = interrupted
    job.restarts = true
    let second = StoppingProgress(after: 1000)
    #expect(try job.run(path: path, progress: second).resumed == 0)
    #expect(second.resumed == 0)
  }

  /// The file that is where `file_name` says comes before one of the same name elsewhere.
  @Test func theFolderInAFileNameCounts() throws {
    let scratch = try TemporaryFolder()
    for (name, number) in [("1.jpg", 10), ("a/1.jpg", 200), ("b/1.jpg", 100)] {
      try FileSystem.makeFolder(FileSystem.folder(of: FileSystem.join(scratch.path, "photographs/" + name)))
      try FileSystem.replace(FileSystem.join(scratch.path, "photographs/" + name), with: Self.jpeg(number))
    }
    let path = FileSystem.join(scratch.path, "images.h5")
    for (name, number) in [("1.jpg", 10), ("a/1.jpg", 200), ("b/1.jpg", 100), ("none/1.jpg", 10)] {
      var job = try Self.job(FileSystem.join(scratch.path, "photographs"), count: 1)
      job.photographs[0].fileName = name
      #expect(try job.run(path: path, progress: SilentProgress()).isPublished)
      let rows = try CacheReader(path: path, format: ImageCacheJob.format).rows("images")
      let found = rows.row(0).values(at: 0, count: 192, as: UInt8.self)
      let file = try Self.jpeg(number)
      let expected = try ImageReader(ImageOptions(size: 8)).read(file.byteSpan).pixels
      #expect(found == expected, "\(name)")
    }
  }

  /// Nothing depends on the order in which the disk lists folders.
  @Test func ambiguousNamesAreToldInTheOrderOfTheirFolders() throws {
    let scratch = try TemporaryFolder()
    for folder in ["c", "a", "d", "b"] { try Self.folder(FileSystem.join(scratch.path, folder), count: 1) }
    let job = try Self.job(scratch.path, count: 1)
    let error = #expect(throws: InputError.self) {
      try job.run(path: scratch.path + "/images.h5", progress: SilentProgress())
    }
    #expect(error?.problem == "is ambiguous: it may be \(scratch.path)/a/0.jpg or \(scratch.path)/b/0.jpg")
  }

  @Test func photographsAreFoundBelowTheFolder() throws {
    let scratch = try TemporaryFolder()
    try Self.folder(FileSystem.join(scratch.path, "all/train2017"), count: 5)
    let path = FileSystem.join(scratch.path, "images.h5")
    let summary = try Self.job(FileSystem.join(scratch.path, "all"), count: 5).run(
      path: path, progress: SilentProgress())
    #expect(summary.rows == 5)
    #expect(throws: InputError.self) { try PhotographSource(path: FileSystem.join(scratch.path, "none")) }
  }
}
