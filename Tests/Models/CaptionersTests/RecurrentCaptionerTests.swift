import CaptionerGolden
import Captioners
import Files
import JSON
import Kernels
import TestSupport
import Testing
import Vocabularies

@Suite struct RecurrentCaptionerTests {
  @Test func packedLossAndGradientsEqualPyTorchsMaskedLoop() throws {
    let golden = try Golden()
    let rows = Array(0..<golden.batch)
    let (loss, work) = try golden.gradients(golden.captioner(), rows: rows)
    let expected = try #require(golden.json["loss"]?.double)
    #expect(abs(loss / Double(golden.batch) - expected) < 1e-6 * expected)
    #expect(work.computeLoss() == loss)
    for entry in work.gradients.entries {
      let theirs = Golden.floats(golden.json["gradients"]?[entry.name])
      let ours = work.gradients.matrix(entry.name).values
      let largest = try #require(theirs.map(abs).max())
      for (one, other) in zip(ours, theirs) { #expect(abs(one - other) < 3e-6 * largest, "\(entry.name)") }
    }
  }

  @Test func gradientsAreFiniteDifferences() throws {
    let golden = try Golden()
    let captioner = golden.captioner()
    let rows = [4, 9, 1, 30, 22]
    let (_, work) = try golden.gradients(captioner, rows: rows)
    // The loss in f64 by an implementation of its own.
    let reference = DoubleCaptioner(captioner, golden, rows)
    for entry in work.gradients.entries {
      let ours = work.gradients.matrix(entry.name).values
      for index in Swift.stride(from: 0, to: entry.count, by: max(1, entry.count / 11)) {
        let step = 1e-5
        let slope = (reference.loss(entry.name, index, step) - reference.loss(entry.name, index, -step)) / (2 * step)
        #expect(abs(Double(ours[index]) - slope) < 2e-5 * max(1, abs(slope)), "\(entry.name)[\(index)]")
      }
    }
  }

  /// An epoch's last batch is smaller: its gradients are those of a batch of that size.
  @Test func roomForMoreCaptionsChangesNothing() throws {
    let golden = try Golden()
    let captioner = golden.captioner()
    let rows = [4, 9, 1, 30, 22]
    let (loss, exact) = try golden.gradients(captioner, rows: rows)
    let (other, roomy) = try golden.gradients(captioner, rows: rows, room: 11)
    #expect(loss == other)
    for entry in exact.gradients.entries {
      #expect(
        exact.gradients.matrix(entry.name).values == roomy.gradients.matrix(entry.name).values, "\(entry.name)")
    }
  }

  @Test func threadsDoNotChangeABit() throws {
    let golden = try Golden()
    let captioner = golden.captioner()
    let rows = Array(0..<37)
    let (loss, one) = try golden.gradients(captioner, rows: rows, threads: 1)
    for threads in 2...4 {
      let (other, many) = try golden.gradients(captioner, rows: rows, threads: threads)
      #expect(loss == other)
      #expect(one.gradients.tensors == many.gradients.tensors)
    }
  }

  @Test func logitsEqualPyTorchs() throws {
    let golden = try Golden()
    let inputs = (0..<golden.batch).flatMap { golden.tokens[$0 * golden.width..<($0 + 1) * golden.width - 1] }
    let ours = golden.captioner().logits(features: golden.features.rows(0..<golden.batch), tokens: Array(inputs))
    let theirs = Golden.floats(golden.json["logits"])
    let largest = try #require(theirs.map(abs).max())
    #expect(ours.count == theirs.count)
    for (one, other) in zip(ours, theirs) { #expect(abs(one - other) < 1e-6 * largest) }
  }

  @Test func greedyRowsEndAtDifferentTimes() throws {
    let golden = try Golden()
    let decoder = GreedyDecoder(golden.captioner("trained"))
    let theirs = (golden.json["greedy"]?.array ?? []).map {
      ($0.array ?? []).compactMap { $0.integer.map { Int32($0) } }
    }
    #expect(Set(theirs.map(\.count)).count > 2)
    #expect(decoder.tokens(features: golden.features, threads: 2) == theirs)
    #expect(decoder.tokens(features: golden.features, maximumWords: 2) == theirs.map { Array($0.prefix(2)) })
    for row in 0..<5 {
      #expect(decoder.tokens(features: golden.features.rows(row..<row + 1)) == [theirs[row]])
    }
  }

  @Test func checkpointsComeBack() throws {
    let folder = try TemporaryFolder()
    let captioner = try Golden().captioner()
    let path = folder.path + "/captioner.safetensors"
    try captioner.write(to: path, information: [("epoch", "4")])
    let back = try RecurrentCaptioner(path: path)
    #expect(back.parameters.tensors == captioner.parameters.tensors)
    #expect(back.sizes == captioner.sizes && back.vocabulary == captioner.vocabulary)
    #expect(back.information.first { $0.key == "epoch" }?.value == "4")
    #expect(back.parameters.entries.map(\.name).first == "featureProjector.weight")
  }

  /// Tokens mean what their places say: words in another order would be said for others.
  @Test func aVocabularyWithoutTheSpecialTokensIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/captioner.safetensors"
    let words = SpecialToken.words + ["a", "cat"]
    for (vocabulary, isRight) in [(words, true), (words.reversed(), false), (["a"], false)] as [([String], Bool)] {
      let sizes = RecurrentCaptioner.Sizes(features: 3, words: vocabulary.count, wordVector: 2, hidden: 2)
      try RecurrentCaptioner(sizes: sizes, vocabulary: vocabulary, seed: 1).write(to: path, information: [])
      let said = message { _ = try RecurrentCaptioner(path: path) }
      #expect(said.contains(isRight ? "no error" : "its vocabulary does not begin with <NULL> <START>"))
    }
  }

  @Test func aTurnedBitInACheckpointIsNoticed() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/captioner.safetensors"
    try Golden().captioner().write(to: path, information: [("epoch", "7")])
    let whole = try contents(of: path)
    for place in stride(from: 0, to: whole.count, by: 53) {
      var bytes = whole
      bytes[place] ^= 1
      try FileSystem.replace(path, with: bytes)
      #expect(throws: (any Error).self, "byte \(place)") { try RecurrentCaptioner(path: path) }
    }
  }

  @Test func initialValuesFollowTheSeed() {
    let sizes = RecurrentCaptioner.Sizes(features: 1280, words: 864, wordVector: 256, hidden: 128)
    let words = (0..<864).map { "w\($0)" }
    let one = RecurrentCaptioner(sizes: sizes, vocabulary: words, seed: 1)
    #expect(one.parameters.tensors == RecurrentCaptioner(sizes: sizes, vocabulary: words, seed: 1).parameters.tensors)
    #expect(one.parameters.tensors != RecurrentCaptioner(sizes: sizes, vocabulary: words, seed: 2).parameters.tensors)
    func deviation(_ name: String) -> Double {
      let values = one.parameters.matrix(name).values.map { Double($0) }
      return (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
    }
    #expect(abs(deviation("rnnNetwork.Wx") * 16 - 1) < 0.02)
    #expect(abs(deviation("rnnNetwork.Wh") * 128.0.squareRoot() - 1) < 0.03)
    #expect(abs(deviation("wordEmbedding.W_embed") * 864.0.squareRoot() - 1) < 0.02)
    #expect(abs(deviation("featureProjector.weight") * (3 * 1280.0).squareRoot() - 1) < 0.02)
    let bound = 1 / Float(128).squareRoot()
    #expect(one.parameters.matrix("outProjector.bias").values.allSatisfy { abs($0) <= bound })
    #expect(one.parameters.matrix("rnnNetwork.b").values.allSatisfy { $0 == 0 })
  }
}
