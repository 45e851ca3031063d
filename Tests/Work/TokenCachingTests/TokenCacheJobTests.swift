import COCO
import Caches
import Diagnostics
import Digests
import Files
import JSON
import TestSupport
import Testing
import TokenCaching
import Tokenization

@Suite struct TokenCacheJobTests {
  private func request(_ selection: Selection = Selection()) throws -> DatasetRequest {
    let folder = try #require(SharedData.path)
    return DatasetRequest(
      .coco([("train", folder + "/captions_train.json"), ("val", folder + "/captions_val.json")]), selection: selection)
  }

  /// SHA-256 and counts from Tests/References/captions_golden.py.
  @Test(.enabled(if: SharedData.path != nil, "\(SharedData.skipReason)"), arguments: [1, 2, 3])
  func realCaptionsAsPython(threads: Int) throws {
    let folder = try TemporaryFolder()
    let output = FileSystem.join(folder.path, "captions.h5")
    let result = try TokenCacheJob(TokenCacheOptions(request: try request(), output: output)).run(
      threads: threads, progress: SilentProgress())
    let cache = try CacheReader(path: output, format: "captioneer.captions")
    #expect(cache.identity.splits == ["train", "val"])
    let rows = try cache.rows("tokens")
    #expect(rows.shape == [4004, 17])
    #expect(sha256(rows.bytes) == "4f0079fd12ab3ee0adabc69511cb2b36c250e94a091be652911cfd50fa62645e")
    #expect(
      sha256(try cache.text("vocabulary").joined(separator: "\n"))
        == "cd4ebe4285a364116c1eea40ac9c9b422f47f8b6f917cbb3e3539972f7674b28")
    try cache.verifyChecksums("tokens")
    let train = result.statistics[0]
    #expect([train.captions, train.words, train.unknownWords] == [3503, 36698, 2986])
    #expect([train.distinctWords, train.knownDistinctWords, train.truncatedCaptions] == [2821, 860, 148])
    #expect(train.lostWords.prefix(3).map(\.word) == ["neatly", "noodles", "not"])
    let val = result.statistics[1]
    #expect([val.words, val.unknownWords, val.distinctWords, val.truncatedCaptions] == [5242, 527, 948, 17])
  }

  @Test func columnsBelongTogether() throws {
    let folder = try TemporaryFolder()
    let train = FileSystem.join(folder.path, "train.json")
    let val = FileSystem.join(folder.path, "val.json")
    try FileSystem.replace(
      train,
      with: #"{"images": [{"id": 5, "file_name": "a"}, {"id": 3, "file_name": "b"}], "annotations": ["#
        + #"{"id": 10, "image_id": 3, "caption": "b b a"}, {"id": 11, "image_id": 5, "caption": "a b"}, "#
        + #"{"id": 12, "image_id": 3, "caption": "c"}]}"#)
    try FileSystem.replace(
      val,
      with: #"{"images": [{"id": 9, "file_name": "c"}], "annotations": [{"id": 1, "image_id": 9, "caption": "d a"}]}"#)
    let output = FileSystem.join(folder.path, "made/here/captions.h5")
    var options = TokenCacheOptions(
      request: DatasetRequest(.coco([("train", train), ("val", val)])), output: output, length: 5, vocabularySize: 6)
    _ = try TokenCacheJob(options).run(threads: 2, progress: SilentProgress())
    let cache = try CacheReader(path: output, format: TokenCacheJob.format)
    #expect(try cache.text("vocabulary") == ["<NULL>", "<START>", "<END>", "<UNK>", "b", "a"])
    #expect(try cache.int64("word_counts") == [0, 3, 3, 1, 3, 2])
    #expect(try cache.int64("caption_ids") == [10, 11, 12, 1])
    #expect(try cache.int32("image_row") == [1, 0, 1, 2])
    #expect(try cache.uint8("caption_split") == [0, 0, 0, 1])
    #expect(try cache.int64("image_ids") == [5, 3, 9])
    #expect(try cache.uint8("split") == [0, 0, 1])
    #expect(try cache.text("image_files") == ["a", "b", "c"])
    #expect(try cache.int32("image_sizes") == [0, 0, 0, 0, 0, 0])
    #expect(try cache.int32("lengths") == [5, 4, 3, 4])
    #expect(
      try cache.int32("tokens") == [1, 4, 4, 5, 2, 1, 5, 4, 2, 0, 1, 3, 2, 0, 0, 1, 3, 5, 2, 0])
    #expect(cache.identity.inputs["annotations_val"]?.string == sha256(try FileSystem.readText(val)))
    #expect(cache.identity.configuration["selection"]?.canonical == Selection().json.canonical)

    // One caption an image, and a vocabulary from a file.
    let words = FileSystem.join(folder.path, "words.txt")
    try FileSystem.replace(words, with: "c\nd\n")
    options.request.selection.captionsPerImage = 1
    options.vocabularyPath = words
    _ = try TokenCacheJob(options).run(threads: 1, progress: SilentProgress())
    let second = try CacheReader(path: output, format: TokenCacheJob.format)
    #expect(try second.int64("caption_ids") == [10, 11, 1])
    #expect(try second.int32("tokens") == [1, 3, 3, 3, 2, 1, 3, 3, 2, 0, 1, 5, 3, 2, 0])
    #expect(second.identity.inputs["vocabulary"]?.string == sha256("c\nd\n"))
  }

  @Test func uncaptionedImages() throws {
    let folder = try TemporaryFolder()
    let path = FileSystem.join(folder.path, "train.json")
    try FileSystem.replace(
      path,
      with: #"{"images": [{"id": 5, "file_name": "a"}, {"id": 3, "file_name": "b"}], "#
        + #""annotations": [{"id": 1, "image_id": 5, "caption": "x"}]}"#)
    let output = FileSystem.join(folder.path, "captions.h5")
    var options = TokenCacheOptions(request: DatasetRequest(.coco([("train", path)])), output: output)
    let error = #expect(throws: InputError.self) {
      try TokenCacheJob(options).run(threads: 1, progress: SilentProgress())
    }
    #expect(
      error?.description
        == "\(path): image 1: id 3 has no caption; add captions, or give --allow-uncaptioned")
    #expect(!FileSystem.isFile(output))
    options.allowsUncaptioned = true
    _ = try TokenCacheJob(options).run(threads: 1, progress: SilentProgress())
    #expect(try CacheReader(path: output, format: TokenCacheJob.format).int64("image_ids") == [5, 3])
  }

  @Test(.enabled(if: SharedData.path != nil, "\(SharedData.skipReason)"))
  func theSameBytesEveryTime() throws {
    let folder = try TemporaryFolder()
    var digests: [String] = []
    for threads in [1, 2, 4] {
      let output = FileSystem.join(folder.path, "captions.h5")
      let options = TokenCacheOptions(
        request: try request(Selection(images: .sample(300), seed: 9, captionsPerImage: 2)), output: output)
      _ = try TokenCacheJob(options).run(threads: threads, progress: SilentProgress())
      let file = try MappedFile(path: output)
      digests.append(sha256(file.bytes))
    }
    #expect(Set(digests).count == 1)
  }
}
