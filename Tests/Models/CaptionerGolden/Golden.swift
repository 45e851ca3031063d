package import Captioners
import Diagnostics
import Files
package import JSON
package import Kernels
import Layers
import TestSupport
import Vocabularies

/// Numbers from PyTorch: Tests/References/captioner_training.json, made by the script beside it: what models and their training are held against.
package struct Golden: Sendable {
  package let json: JSONValue
  package let tokens: [Int32]
  package let lengths: [Int32]
  package let width: Int
  package let batch: Int
  package let features: Matrix
  package let sizes: RecurrentCaptioner.Sizes

  package init() throws {
    let path = FileSystem.join(SharedData.repository, "Tests/References/captioner_training.json")
    json = try JSONValue(parsing: try FileSystem.readText(path))
    let sizesJSON = json["sizes"]
    func size(_ key: String) throws -> Int {
      guard let size = sizesJSON?[key]?.integer else {
        throw InputError(file: path, at: key, "is not there", remedy: "make it again with its script")
      }
      return size
    }
    sizes = .init(
      features: try size("features"), words: try size("words"), wordVector: try size("word_vector"),
      hidden: try size("hidden"))
    (width, batch) = (try size("width"), try size("batch"))
    tokens = (json["tokens"]?.array ?? []).flatMap { ($0.array ?? []).compactMap { $0.integer.map { Int32($0) } } }
    lengths = (json["lengths"]?.array ?? []).compactMap { $0.integer.map { Int32($0) } }
    features = Matrix(rows: lengths.count, columns: sizes.features, Self.floats(json["features"]))
  }

  package static func floats(_ json: JSONValue?) -> [Float] { (json?.array ?? []).map { Float($0.double ?? .nan) } }

  /// A captioner with PyTorch's values.
  package func captioner(_ key: String = "parameters") -> RecurrentCaptioner {
    let captioner = RecurrentCaptioner(
      sizes: sizes, vocabulary: SpecialToken.words + (4..<sizes.words).map { "w\($0)" }, seed: 3)
    for entry in captioner.parameters.entries {
      let values = json[key]?[entry.name]
      captioner.parameters.matrix(entry.name).copy(from: Self.floats(values?["values"] ?? values).span)
    }
    return captioner
  }

  /// Loss and gradients of captions `rows`.
  package func gradients(_ captioner: RecurrentCaptioner, rows: [Int], room: Int = 0, threads: Int = 1) throws -> (
    Double, RecurrentCaptionerGradients
  ) {
    let work = try RecurrentCaptionerGradients(
      captioner, captions: rows.count + room, steps: width - 1, threads: threads)
    work.pack(tokens: tokens.span, width: width, lengths: lengths.span, selected: rows.span)
    for (place, index) in work.batch.order.enumerated() {
      work.features.rows(place..<place + 1).copy(from: features.rows(rows[index]..<rows[index] + 1))
    }
    return (work.computeGradients(), work)
  }
}
