import Diagnostics
import JSON
package import Kernels
import Layers
import Random
import Vocabularies
import Weights

/// The captioner of the course's report: pooled features are projected to a vanilla RNN's first hidden state, which then reads and says words.
///
/// Parameters stand under the names and in the layout of the course's PyTorch modules.
package final class RecurrentCaptioner: Sendable {
  package struct Sizes: Sendable, Equatable {
    package var features: Int
    package var words: Int
    package var wordVector: Int
    package var hidden: Int

    package init(features: Int, words: Int, wordVector: Int, hidden: Int) {
      self.features = features
      self.words = words
      self.wordVector = wordVector
      self.hidden = hidden
    }
  }

  package static let kind = "rnn"
  static let format = "captioneer.captioner"

  package let sizes: Sizes
  /// The words in the order of their tokens.
  package let vocabulary: [String]
  /// What else the checkpoint says: epoch, seed, the caches' fingerprints.
  package let information: [(key: String, value: String)]
  package let parameters: ParameterSet

  let projector: Affine  // [hidden, features]
  let embedding: WordEmbedding  // [words, wordVector]
  let step: RecurrentStep
  let output: Affine  // [words, hidden]

  init(sizes: Sizes, vocabulary: [String], information: [(key: String, value: String)], parameters: ParameterSet) {
    precondition(vocabulary.count == sizes.words)
    self.sizes = sizes
    self.vocabulary = vocabulary
    self.information = information
    self.parameters = parameters
    (projector, embedding, step, output) = Self.layers(parameters)
  }

  static func shapes(_ sizes: Sizes) -> [(name: String, shape: [Int])] {
    [
      ("featureProjector.weight", [sizes.hidden, sizes.features]), ("featureProjector.bias", [sizes.hidden]),
      ("wordEmbedding.W_embed", [sizes.words, sizes.wordVector]),
      ("rnnNetwork.Wx", [sizes.wordVector, sizes.hidden]), ("rnnNetwork.Wh", [sizes.hidden, sizes.hidden]),
      ("rnnNetwork.b", [sizes.hidden]),
      ("outProjector.weight", [sizes.words, sizes.hidden]), ("outProjector.bias", [sizes.words]),
    ]
  }

  /// The layers whose weights are windows on `parameters`.
  private static func layers(_ parameters: ParameterSet) -> (Affine, WordEmbedding, RecurrentStep, Affine) {
    (
      Affine(weight: parameters.matrix("featureProjector.weight"), bias: parameters.matrix("featureProjector.bias")),
      WordEmbedding(table: parameters.matrix("wordEmbedding.W_embed")),
      RecurrentStep(
        inputWeight: parameters.matrix("rnnNetwork.Wx"), hiddenWeight: parameters.matrix("rnnNetwork.Wh"),
        bias: parameters.matrix("rnnNetwork.b")),
      Affine(weight: parameters.matrix("outProjector.weight"), bias: parameters.matrix("outProjector.bias"))
    )
  }

  /// The layers' gradients.
  struct Gradients: Sendable {
    let projector: Affine.Gradients
    let embedding: WordEmbedding.Gradients
    let step: RecurrentStep.Gradients
    let output: Affine.Gradients

    /// Windows on `set`, which has the shapes of the parameters.
    init(_ set: GradientSet) {
      projector = .init(weight: set.matrix("featureProjector.weight"), bias: set.matrix("featureProjector.bias"))
      embedding = .init(table: set.matrix("wordEmbedding.W_embed"))
      step = .init(
        inputWeight: set.matrix("rnnNetwork.Wx"), hiddenWeight: set.matrix("rnnNetwork.Wh"),
        bias: set.matrix("rnnNetwork.b"))
      output = .init(weight: set.matrix("outProjector.weight"), bias: set.matrix("outProjector.bias"))
    }
  }

  /// A new captioner with the course's initial values: Wx, Wh ~ N(0,1)/√fan-in, b = 0, W_embed ~ N(0,1)/√words, linear layers
  /// as `nn.Linear` (weight and bias even in ±1/√fan-in). Drawn from `SplitMix64(seed:)` in the order of the parameters.
  package convenience init(sizes: Sizes, vocabulary: [String], seed: UInt64) {
    let parameters = ParameterSet(Self.shapes(sizes))
    var random = SplitMix64(seed: seed)
    for entry in parameters.entries {
      let values = Self.initialValues(entry, sizes, &random)
      parameters.matrix(entry.name).copy(from: values.span)
    }
    self.init(sizes: sizes, vocabulary: vocabulary, information: [("seed", String(seed))], parameters: parameters)
  }

  private static func initialValues(
    _ entry: TensorEntry, _ sizes: Sizes, _ random: inout SplitMix64
  ) -> [Float] {
    func normals(_ fanIn: Int) -> [Float] {
      let root = Double(fanIn).squareRoot()
      return (0..<entry.count).map { _ in Float(random.normal() / root) }
    }
    func linear(_ fanIn: Int) -> [Float] {
      let bound = Float(1 / Double(fanIn).squareRoot())
      return (0..<entry.count).map { _ in random.uniform(bound: bound) }
    }
    return switch entry.name {
    case "featureProjector.weight", "featureProjector.bias": linear(sizes.features)
    case "outProjector.weight", "outProjector.bias": linear(sizes.hidden)
    case "wordEmbedding.W_embed": normals(sizes.words)
    case "rnnNetwork.Wx": normals(sizes.wordVector)
    case "rnnNetwork.Wh": normals(sizes.hidden)
    default: [Float](repeating: 0, count: entry.count)
    }
  }

  /// Reads a checkpoint.
  ///
  /// - Throws: `InputError` where the file is no captioner of this kind, or its tensors don't fit its sizes.
  package convenience init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    func fail(_ problem: String) -> InputError {
      InputError(file: path, problem, remedy: "give a captioner.safetensors that train-captioner made")
    }
    func value(_ key: String) throws -> String {
      guard let value = file.metadata.first(where: { $0.key == key })?.value else {
        throw fail("is no captioner's checkpoint: its metadata has no \(key)")
      }
      return value
    }
    guard try value("format") == Self.format else { throw fail("is no captioner's checkpoint") }
    let model = try value("model")
    guard model == Self.kind else { throw fail("holds a model of kind \(model), expected \(Self.kind)") }
    let sizesJSON = try JSONValue(parsing: try value("sizes"), file: path)
    func size(_ key: String) throws -> Int {
      guard let size = sizesJSON[key]?.integer, size > 0, size < 1 << 24 else {
        throw fail("its sizes have no valid \(key)")
      }
      return size
    }
    let sizes = Sizes(
      features: try size("features"), words: try size("words"), wordVector: try size("word_vector"),
      hidden: try size("hidden"))
    let words = (try JSONValue(parsing: try value("vocabulary"), file: path).array ?? []).compactMap(\.string)
    guard words.count == sizes.words else {
      throw fail("its vocabulary has \(words.count) words, its sizes say \(sizes.words)")
    }
    guard words.starts(with: SpecialToken.words) else {
      throw fail("its vocabulary does not begin with \(SpecialToken.words.joined(separator: " "))")
    }
    // Shapes are checked before anything of their size is allocated.
    for (name, shape) in Self.shapes(sizes) where try file.tensor(name).shape != shape {
      throw fail("tensor \(name) has not the shape \(shape)")
    }
    let parameters = ParameterSet(Self.shapes(sizes))
    try parameters.load(from: file)
    // Python may write checkpoints without one.
    if let digest = file.metadata.first(where: { $0.key == "digest" })?.value,
      digest != checkpointDigest(metadata: file.metadata, tensors: parameters.tensors)
    {
      throw InputError(
        file: path, "does not match its digest: it was damaged or changed",
        remedy: "train again; if you changed it on purpose, take 'digest' out of its metadata")
    }
    self.init(
      sizes: sizes, vocabulary: words,
      information: file.metadata.filter { !["format", "model", "sizes", "vocabulary", "digest"].contains($0.key) },
      parameters: parameters)
  }

  /// Writes the checkpoint, replacing `path` as a whole. `information` is stored beside the sizes and the vocabulary.
  package func write(to path: String, information: [(String, String)]) throws {
    let sizesJSON: JSONValue = [
      "features": .integer(sizes.features), "words": .integer(sizes.words), "word_vector": .integer(sizes.wordVector),
      "hidden": .integer(sizes.hidden),
    ]
    let metadata: [(String, String)] =
      [
        ("format", Self.format), ("model", Self.kind), ("sizes", sizesJSON.compact),
        ("vocabulary", JSONValue.array(vocabulary.map { .string($0) }).compact),
      ] + information
    let tensors = parameters.tensors
    let digest = checkpointDigest(metadata: metadata.map { ($0, $1) }, tensors: tensors)
    try writeSafetensors(tensors, metadata: metadata + [("digest", digest)], to: path)
  }

  /// The scores of every word at every step, the plain way: features [rows, features], tokens [rows, steps] → [rows, steps, words].
  package func logits(features: Matrix, tokens: [Int32]) -> [Float] {
    let rows = features.rows
    precondition(rows > 0 && tokens.count % rows == 0)
    let steps = tokens.count / rows
    var hidden = Matrix(rows: rows, columns: sizes.hidden)
    var next = Matrix(rows: rows, columns: sizes.hidden)
    let words = Matrix(rows: rows, columns: sizes.wordVector)
    let scores = Matrix(rows: rows, columns: steps * sizes.words)
    let stepScores = Matrix(rows: rows, columns: sizes.words)
    projector.forward(features, into: hidden)
    for time in 0..<steps {
      let column = (0..<rows).map { tokens[$0 * steps + time] }
      embedding.forward(column.span, into: words)
      step.forward(words, hidden, into: next)
      output.forward(next, into: stepScores)
      scores.columns(time * sizes.words..<(time + 1) * sizes.words).copy(from: stepScores)
      swap(&hidden, &next)
    }
    return scores.values
  }
}
