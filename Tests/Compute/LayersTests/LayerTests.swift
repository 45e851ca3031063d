import Files
import JSON
import Kernels
import Layers
import TestSupport
import Testing

/// Outputs and gradients in f64 of Tests/References/layer_vectors.json, made by the script beside it.
@Suite struct LayerTests {
  private struct Entry {
    let json: JSONValue

    init(_ name: String) throws {
      let path = FileSystem.join(SharedData.repository, "Tests/References/layer_vectors.json")
      json = try #require(try JSONValue(parsing: try FileSystem.readText(path))[name])
    }

    func input(_ name: String) throws -> Matrix { try matrix(json["inputs"]?[name]) }
    func gradient(_ name: String) throws -> [Float] { try matrix(json["gradients"]?[name]).values }
    func output() throws -> [Float] { try matrix(json["output"]).values }
    func upstream() throws -> Matrix { try matrix(json["upstream"]) }

    func integers(_ name: String) throws -> [Int] { try #require(json[name]?.array).compactMap(\.integer) }

    /// A list is one row.
    func matrix(_ json: JSONValue?) throws -> Matrix {
      let items = try #require(json?.array)
      let rows = items.first?.array == nil ? [items] : items.map { $0.array ?? [] }
      let values = rows.flatMap { $0.map { Float($0.double ?? .nan) } }
      return Matrix(rows: rows.count, columns: rows[0].count, values)
    }
  }

  private func zeros(like matrix: Matrix) -> Matrix { Matrix(rows: matrix.rows, columns: matrix.columns) }

  @Test(arguments: [1, 3]) func affine(parts: Int) throws {
    let entry = try Entry("affine")
    let layer = Affine(weight: try entry.input("weight"), bias: try entry.input("bias"))
    let (x, upstream) = (try entry.input("x"), try entry.upstream())
    let y = zeros(like: upstream)
    layer.forward(x, into: y)
    expectClose(y, try entry.output())
    let inputGradient = zeros(like: x)
    layer.backwardInput(upstream, into: inputGradient)
    expectClose(inputGradient, try entry.gradient("x"))
    let gradients = Affine.Gradients(weight: zeros(like: layer.weight), bias: zeros(like: layer.bias))
    // Set, not added.
    gradients.bias.fill(7)
    gradients.weight.fill(7)
    gradients.weightRows(Partition(of: layer.weight.rows, parts: parts)).forEach(threads: 2) { rows, _ in
      rows.backward(upstream, x)
    }
    gradients.backwardBias(upstream)
    expectClose(gradients.weight, try entry.gradient("weight"))
    expectClose(gradients.bias, try entry.gradient("bias"))
  }

  @Test func packedAffine() throws {
    let entry = try Entry("affine")
    let (weight, x, upstream) = (try entry.input("weight"), try entry.input("x"), try entry.upstream())
    let layer = PackedAffine(inputs: weight.columns, outputs: weight.rows)
    layer.prepare(weight, forBackward: true)
    let (product, inputGradient) = (zeros(like: upstream), zeros(like: x))
    layer.product(x, into: product)
    // The bias is the caller's.
    let bias = try entry.input("bias").values
    let without = try entry.output().enumerated().map { $1 - bias[$0 % bias.count] }
    expectClose(product, without)
    layer.backwardInput(upstream, into: inputGradient)
    expectClose(inputGradient, try entry.gradient("x"))
  }

  @Test func recurrentStep() throws {
    let entry = try Entry("step")
    let (x, h) = (try entry.input("x"), try entry.input("h"))
    let step = RecurrentStep(
      inputWeight: try entry.input("input_weight"), hiddenWeight: try entry.input("hidden_weight"),
      bias: try entry.input("bias"))
    let next = zeros(like: h)
    step.forward(x, h, into: next)
    expectClose(next, try entry.output())
    let gradients = RecurrentStep.Gradients(
      inputWeight: zeros(like: step.inputWeight), hiddenWeight: zeros(like: step.hiddenWeight),
      bias: zeros(like: step.bias))
    let (inputGradient, hiddenGradient) = (zeros(like: x), zeros(like: h))
    step.backward(
      try entry.upstream(), next: next, x: x, h: h, inputGradient: inputGradient, hiddenGradient: hiddenGradient,
      gradients: gradients)
    expectClose(inputGradient, try entry.gradient("x"))
    expectClose(hiddenGradient, try entry.gradient("h"))
    expectClose(gradients.inputWeight, try entry.gradient("input_weight"))
    expectClose(gradients.hiddenWeight, try entry.gradient("hidden_weight"))
    expectClose(gradients.bias, try entry.gradient("bias"))
  }

  /// Sequences of four, three and two steps.
  @Test(arguments: [1, 2]) func recurrentSequence(parts: Int) throws {
    let entry = try Entry("sequence")
    let (hidden, initial, weight) = (
      try entry.input("contributions"), try entry.input("initial"), try entry.input("hidden_weight")
    )
    let counts = try entry.integers("counts")
    let layer = RecurrentSequence(size: weight.rows)
    layer.prepare(weight, forBackward: true)
    let previous = zeros(like: hidden)
    layer.forward(hidden, initial: initial, counts: counts.span, previous: previous)
    expectClose(hidden, try entry.output())
    let (gradient, carry) = (try entry.upstream(), zeros(like: initial))
    layer.backward(gradient, hidden: hidden, counts: counts.span, carry: carry)
    expectClose(gradient, try entry.gradient("contributions"))
    expectClose(carry, try entry.gradient("initial"))
    let gradients = RecurrentStep.Gradients(
      inputWeight: Matrix(rows: 1, columns: weight.columns), hiddenWeight: zeros(like: weight),
      bias: Matrix(rows: 1, columns: weight.columns))
    gradients.hiddenWeightRows(Partition(of: weight.rows, parts: parts)).forEach(threads: 2) { rows, _ in
      rows.backward(gradient, factor: previous)
    }
    expectClose(gradients.hiddenWeight, try entry.gradient("hidden_weight"))
  }

  @Test(arguments: [1, 2, 3]) func wordEmbedding(parts: Int) throws {
    let entry = try Entry("embedding")
    let table = try entry.input("table")
    let tokens = try entry.integers("tokens").map { Int32($0) }
    let upstream = try entry.upstream()
    let out = zeros(like: upstream)
    WordEmbedding(table: table).forward(tokens.span, into: out)
    expectClose(out, try entry.output())
    let gradients = WordEmbedding.Gradients(table: zeros(like: table))
    gradients.table.fill(7)
    gradients.columns(Partition(of: table.columns, parts: parts)).forEach(threads: 2) { columns, _ in
      columns.backward(upstream, tokens.span)
    }
    expectClose(gradients.table, try entry.gradient("table"))
  }

  /// Two of six targets are ignored.
  @Test func temporalSoftmaxLoss() throws {
    let entry = try Entry("loss")
    let bias = try entry.input("bias")
    let targets = try entry.integers("targets").map { Int32($0) }
    let layer = TemporalSoftmaxLoss(ignored: Int32(try #require(entry.json["ignored"]?.integer)))
    let expected = try #require(entry.json["loss"]?.double)
    let alone = layer.forward(try entry.input("scores"), bias: bias, targets: targets.span)
    #expect(abs(alone - expected) < 1e-6 * expected)
    let (scores, biasGradient) = (try entry.input("scores"), zeros(like: bias))
    let scale = Float(try #require(entry.json["scale"]?.double))
    let loss = layer.forwardBackward(
      scores, bias: bias, targets: targets.span, scale: scale, biasGradient: biasGradient)
    #expect(loss == alone)
    expectClose(scores, try entry.gradient("scores"))
    expectClose(biasGradient, try entry.gradient("bias"))
  }

  @Test func packedBatch() throws {
    let entry = try Entry("batch")
    let rows = try #require(entry.json["rows"]?.array).map {
      ($0.array ?? []).compactMap { $0.integer.map(Int32.init) }
    }
    let width = try #require(rows.map(\.count).max())
    let tokens = rows.flatMap { $0 + [Int32](repeating: 0, count: width - $0.count) }
    let lengths = rows.map { Int32($0.count) }
    let selected = try entry.integers("selected")
    let parts = try #require(entry.json["parts"]?.integer)
    var batch = PackedBatch(partCount: parts)
    batch.pack(tokens: tokens.span, width: width, lengths: lengths.span, selected: selected.span)
    #expect(batch.order == (try entry.integers("order")))
    #expect(batch.inputs.map { Int($0) } == (try entry.integers("inputs")))
    #expect(batch.targets.map { Int($0) } == (try entry.integers("targets")))
    for (part, expected) in try #require(entry.json["counts"]?.array).enumerated() {
      let counts = batch.counts(ofPart: part)
      #expect(counts.indices.map { counts[$0] } == (expected.array ?? []).compactMap(\.integer))
      #expect(batch.rowPartition[part] == batch.rows(ofPart: part))
      #expect(batch.sequencePartition[part] == batch.sequences(ofPart: part))
    }
  }
}
