import Diagnostics
import Files
import TestSupport
import Testing
import Tokenization
import Vocabularies

@Suite struct VocabularyTests {
  private let vocabulary = Vocabulary(words: SpecialToken.words + ["a", "dog"])

  @Test func tokensAndWords() {
    #expect(vocabulary.count == 6)
    #expect(vocabulary.token(of: "dog") == 5)
    #expect(vocabulary.token(of: "cat") == SpecialToken.unknown)
    #expect(vocabulary[4] == "a")
    #expect(vocabulary[6] == "<UNK>")
    #expect(vocabulary[-1] == "<UNK>")
  }

  @Test func decodesUpToTheEnd() {
    #expect(vocabulary.decode(tokens: [1, 4, 5, 3, 2, 4, 0] as [Int32]) == "a dog <UNK>")
    #expect(vocabulary.decode(tokens: [0, 1, 0, 5] as [Int32]) == "dog")
    #expect(vocabulary.decode(tokens: [1, 2] as [Int32]) == "")
  }

  @Test func rowsAreCutAndFilled() {
    let encoder = CaptionEncoder(vocabulary, length: 5)
    #expect(encoder.encode("A dog, a cat!") == [1, 4, 5, 4, 2])
    #expect(encoder.encode("Cat") == [1, 3, 2, 0, 0])
    #expect(encoder.encode("") == [1, 2, 0, 0, 0])
  }

  private func read(_ text: String) throws -> Vocabulary {
    let folder = try TemporaryFolder()
    let path = FileSystem.join(folder.path, "vocabulary")
    try FileSystem.replace(path, with: text)
    return try Vocabulary(path: path)
  }

  @Test func files() throws {
    #expect(try read(#"["<NULL>", "<START>", "<END>", "<UNK>", "a", "dog"]"#) == vocabulary)
    #expect(try read("a\ndog\n") == vocabulary)
    #expect(try read("<NULL>\r\n<START>\r\n<END>\r\n<UNK>\r\na\r\ndog") == vocabulary)
    #expect(try read("close-up\nDog\ndog").unreachableWords == ["close-up", "Dog"])
  }

  @Test(arguments: [
    "{\"a\": 0}", "[1]", "[]", "", "a\na", "[\"a\", \"<UNK>\"]", "[\"a\"", "<START>\n<NULL>\n<END>\n<UNK>\na",
    "[\"a\", \"\"]",
  ])
  func badFiles(content: String) {
    let error = #expect(throws: InputError.self) { try read(content) }
    #expect(error?.file != nil)
  }
}
