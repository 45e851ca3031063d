import COCO
import Diagnostics
import Digests
import Files
import JSON
import TestSupport
import Testing
import Tokenization
import Vocabularies

/// Tests/References/captions_golden.json, made by captions_golden.py.
func golden() throws -> JSONValue {
  let path = FileSystem.join(SharedData.repository, "Tests/References/captions_golden.json")
  return try JSONValue(parsing: try FileSystem.readText(path), file: path)
}

/// An annotation file with one image for each of `captions`.
func annotations(_ captions: [String]) -> String {
  let images = captions.indices.map { JSONValue.object([.init("id", .integer($0)), .init("file_name", "x.jpg")]) }
  let texts = captions.enumerated().map { index, caption in
    JSONValue.object([
      .init("id", .integer(index)), .init("image_id", .integer(index)), .init("caption", .string(caption)),
    ])
  }
  return JSONValue.object([.init("images", .array(images)), .init("annotations", .array(texts))]).compact
}

func loadSplit(_ captions: [String]) throws -> DatasetSplit {
  let folder = try TemporaryFolder()
  let path = FileSystem.join(folder.path, "captions.json")
  try FileSystem.replace(path, with: annotations(captions))
  return try DatasetRequest(.coco([("train", path)])).load(threads: 1).splits[0]
}

@Suite struct CaptionWordsTests {
  @Test func wordsAsPython() throws {
    for item in try golden()["words"]?.array ?? [] {
      let text = try #require(item["text"]?.string)
      let expected = (item["words"]?.array ?? []).map { $0.string ?? "" }
      let found = captionWords(of: text)
      #expect(found.map { Array($0.unicodeScalars) } == expected.map { Array($0.unicodeScalars) }, "\(text)")
    }
  }

  /// The same words out of a file, where plain text takes the fast way.
  @Test func wordsInFilesAsPython() throws {
    // A caption with a NUL is refused.
    let items = try #require(try golden()["words"]?.array).filter { !($0["text"]?.string ?? "").utf8.contains(0) }
    let texts = items.map { $0["text"]?.string ?? "" }
    let expected = items.flatMap { ($0["words"]?.array ?? []).map { $0.string ?? "" } }
    let split = try loadSplit(texts)
    let counts = try WordCounts(split, wordsPerRow: 5, threads: 2, progress: SilentProgress())
    #expect(counts.words == expected.count)
    let vocabulary = Vocabulary(counts, size: nil)
    #expect(Set(vocabulary.words.dropFirst(4)) == Set(expected))
    let encoder = CaptionEncoder(vocabulary, length: 40)
    let (tokens, lengths) = try encoder.encode(split, 0..<texts.count)
    for (row, text) in texts.enumerated() {
      let row = Array(tokens[row * 40..<(row + 1) * 40])
      #expect(row == encoder.encode(text), "\(text)")
      #expect(row.prefix { $0 != SpecialToken.null }.count == Int(lengths[texts.firstIndex(of: text)!]))
      #expect(vocabulary.decode(tokens: row) == captionWords(of: text).joined(separator: " "))
    }
  }

  @Test(arguments: [1, 2, 5])
  func vocabularyAndRowsAsPython(threads: Int) throws {
    let golden = try golden()
    let captions = try #require(golden["captions"]?.array).map { $0.string ?? "" }
    let split = try loadSplit(captions)
    let counts = try WordCounts(split, wordsPerRow: 10, threads: threads, progress: SilentProgress())
    let vocabulary = Vocabulary(counts, size: 20)
    #expect(vocabulary.words == golden["vocabulary"]?.array?.map { $0.string ?? "" })
    let (tokens, lengths) = try CaptionEncoder(vocabulary, length: 12).encode(split, 0..<captions.count)
    let expected = (golden["rows"]?.array ?? []).flatMap { ($0.array ?? []).map { Int32($0.integer ?? -1) } }
    #expect(tokens == expected)
    #expect(lengths == captions.map { Int32(min(10, captionWords(of: $0).count) + 2) })
  }

  @Test func manyWordsMakeTheTablesGrow() throws {
    // 30,000 different words, some of which agree in their first eight bytes, each once, then the even ones again.
    let words =
      (0..<30_000).map { "prefixed" + String($0, radix: 36) }
      + stride(from: 0, to: 30_000, by: 2).map {
        "prefixed" + String($0, radix: 36)
      }
    let captions = stride(from: 0, to: words.count, by: 100).map { words[$0..<$0 + 100].joined(separator: " ") }
    let split = try loadSplit(captions)
    let counts = try WordCounts(split, wordsPerRow: 15, threads: 2, progress: SilentProgress())
    #expect(counts.distinctWords == 30_000)
    #expect(counts.words == 45_000)
    #expect(counts.truncatedCaptions == 450)
    #expect(Vocabulary(counts, size: nil, minimumCount: 2).count == 15_004)
    let vocabulary = Vocabulary(counts, size: 15_004)
    #expect(Array(vocabulary.words.dropFirst(4)) == words[30_000...].sorted())
    #expect(vocabulary.counts(in: counts)[3] == 15_000)
    #expect(vocabulary.counts(in: counts)[4] == 2)
  }
}
