import Files
import JSON
import Kernels
import Layers
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Beside the numbers of `LayerTests`: CS231n's published values and gradients computed in f64, in ../shared/data/layer_vectors.json.
private struct Vectors {
  let published: JSONValue
  let gradients: JSONValue

  init() throws {
    let text = try FileSystem.readText(FileSystem.join(SharedData.path ?? "", "layer_vectors.json"))
    let json = try JSONValue(parsing: text)
    published = json["published"] ?? .null
    gradients = json["gradients"] ?? .null
  }

  static func named(_ name: String, in list: JSONValue) throws -> JSONValue {
    try #require(list.array?.first { $0["name"]?.string == name })
  }

  static func shape(_ json: JSONValue) -> [Int] {
    if let shape = json["shape"]?.array { return shape.compactMap(\.integer) }
    if let values = json["values"] { return shape(values) }
    guard let items = json.array else { return [] }
    return [items.count] + (items.first.map { shape($0) } ?? [])
  }

  static func numbers(_ json: JSONValue) -> [Float] {
    if let ends = json["linspace"]?.array, ends.count == 2, let first = ends[0].double, let last = ends[1].double {
      let count = shape(json).reduce(1, *)
      return (0..<count).map { Float(first + (last - first) * Double($0) / Double(count - 1)) }
    }
    if let values = json["values"] { return numbers(values) }
    if let items = json.array { return items.flatMap { numbers($0) } }
    return [Float(json.double ?? .nan)]
  }

  static func matrix(_ json: JSONValue?) throws -> Matrix {
    let json = try #require(json)
    let shape = shape(json)
    let columns = try #require(shape.last)
    return Matrix(rows: shape.reduce(1, *) / columns, columns: columns, numbers(json))
  }
}

/// Within f32 rounding of ten steps, at any CPU level: the worst seen is 3e-6 of the largest value.
func expectClose(
  _ ours: Matrix, _ theirs: [Float], _ tolerance: Float = 1e-5, sourceLocation: SourceLocation = #_sourceLocation
) {
  let values = ours.values
  #expect(values.count == theirs.count, sourceLocation: sourceLocation)
  let largest = theirs.map(abs).max() ?? 1
  for (one, other) in zip(values, theirs) {
    #expect(abs(one - other) <= tolerance * max(largest, 1), sourceLocation: sourceLocation)
  }
}

@Suite(.enabled(if: SharedData.path != nil, Comment(rawValue: SharedData.skipReason)))
struct PublishedLayerTests {
  @Test func stepForward() throws {
    let entry = try Vectors.named("rnn_step_forward", in: Vectors().published)
    let inputs = entry["inputs"]
    let step = RecurrentStep(
      inputWeight: try Vectors.matrix(inputs?["Wx"]), hiddenWeight: try Vectors.matrix(inputs?["Wh"]),
      bias: try Vectors.matrix(inputs?["b"]))
    let next = Matrix(rows: 3, columns: 4)
    step.forward(try Vectors.matrix(inputs?["x"]), try Vectors.matrix(inputs?["prev_h"]), into: next)
    expectClose(next, Vectors.numbers(try #require(entry["expected"]?["next_h"])))
  }

  @Test func stepBackward() throws {
    let entry = try Vectors.named("rnn_step_backward", in: Vectors().gradients)
    let inputs = entry["inputs"]
    let (x, h) = (try Vectors.matrix(inputs?["x"]), try Vectors.matrix(inputs?["h"]))
    let step = RecurrentStep(
      inputWeight: try Vectors.matrix(inputs?["Wx"]), hiddenWeight: try Vectors.matrix(inputs?["Wh"]),
      bias: try Vectors.matrix(inputs?["b"]))
    let next = Matrix(rows: h.rows, columns: h.columns)
    step.forward(x, h, into: next)
    let gradients = RecurrentStep.Gradients(
      inputWeight: Matrix(rows: x.columns, columns: h.columns),
      hiddenWeight: Matrix(rows: h.columns, columns: h.columns), bias: Matrix(rows: 1, columns: h.columns))
    let upstream = try Vectors.matrix(entry["upstream"])
    let (dx, dh) = (Matrix(rows: x.rows, columns: x.columns), Matrix(rows: h.rows, columns: h.columns))
    step.backward(upstream, next: next, x: x, h: h, inputGradient: dx, hiddenGradient: dh, gradients: gradients)
    let expected = try #require(entry["grads"])
    expectClose(dx, Vectors.numbers(try #require(expected["x"])))
    expectClose(dh, Vectors.numbers(try #require(expected["h"])))
    expectClose(gradients.inputWeight, Vectors.numbers(try #require(expected["Wx"])))
    expectClose(gradients.hiddenWeight, Vectors.numbers(try #require(expected["Wh"])))
    expectClose(gradients.bias, Vectors.numbers(try #require(expected["b"])))
  }

  /// All steps of equally long sequences through the packed layer: [batch, time] becomes time after time.
  private func sequence(_ inputs: JSONValue?, initial: String) throws -> (
    x: Matrix, packed: Matrix, hidden: Matrix, previous: Matrix, h0: Matrix, weights: RecurrentStep, counts: [Int]
  ) {
    let xJSON = try #require(inputs?["x"])
    let shape = Vectors.shape(xJSON)
    let (batch, time, size) = (shape[0], shape[1], shape[2])
    let values = Vectors.numbers(xJSON)
    var reordered: [Float] = []
    for t in 0..<time {
      for n in 0..<batch { reordered += values[(n * time + t) * size..<(n * time + t + 1) * size] }
    }
    let packed = Matrix(rows: batch * time, columns: size, reordered)
    let weights = RecurrentStep(
      inputWeight: try Vectors.matrix(inputs?["Wx"]), hiddenWeight: try Vectors.matrix(inputs?["Wh"]),
      bias: try Vectors.matrix(inputs?["b"]))
    let h0 = try Vectors.matrix(inputs?[initial])
    let hidden = Matrix(rows: batch * time, columns: h0.columns)
    for row in 0..<hidden.rows { hidden.rows(row..<row + 1).copy(from: weights.bias) }
    multiply(packed, weights.inputWeight, into: hidden, accumulates: true)
    let previous = Matrix(rows: hidden.rows, columns: hidden.columns)
    let counts = [Int](repeating: batch, count: time)
    let layer = RecurrentSequence(size: h0.columns)
    layer.prepare(weights.hiddenWeight, forBackward: false)
    layer.forward(
      hidden, initial: h0, counts: counts.span, previous: previous)
    return (try Vectors.matrix(xJSON), packed, hidden, previous, h0, weights, counts)
  }

  private func unpacked(_ packed: Matrix, batch: Int) -> Matrix {
    let time = packed.rows / batch
    let result = Matrix(rows: packed.rows, columns: packed.columns)
    for n in 0..<batch {
      for t in 0..<time {
        result.rows(n * time + t..<n * time + t + 1).copy(from: packed.rows(t * batch + n..<t * batch + n + 1))
      }
    }
    return result
  }

  @Test func sequenceForward() throws {
    let entry = try Vectors.named("rnn_forward", in: Vectors().published)
    let run = try sequence(entry["inputs"], initial: "h0")
    expectClose(unpacked(run.hidden, batch: 2), Vectors.numbers(try #require(entry["expected"]?["h"])))
  }

  @Test func sequenceBackward() throws {
    let entry = try Vectors.named("rnn_backward", in: Vectors().gradients)
    let run = try sequence(entry["inputs"], initial: "h")
    let batch = run.h0.rows
    let upstream = try Vectors.matrix(entry["upstream"])
    let time = upstream.rows / batch
    let gradient = Matrix(rows: upstream.rows, columns: upstream.columns)
    for n in 0..<batch {
      for t in 0..<time {
        gradient.rows(t * batch + n..<t * batch + n + 1).copy(from: upstream.rows(n * time + t..<n * time + t + 1))
      }
    }
    let carry = Matrix(rows: batch, columns: gradient.columns)
    let layer = RecurrentSequence(size: gradient.columns)
    layer.prepare(run.weights.hiddenWeight, forBackward: true)
    layer.backward(
      gradient, hidden: run.hidden, counts: run.counts.span, carry: carry)
    let expected = try #require(entry["grads"])
    expectClose(carry, Vectors.numbers(try #require(expected["h"])))
    let dWh = Matrix(rows: gradient.columns, columns: gradient.columns)
    let dWx = Matrix(rows: run.packed.columns, columns: gradient.columns)
    let gradients = RecurrentStep.Gradients(
      inputWeight: dWx, hiddenWeight: dWh, bias: Matrix(rows: 1, columns: gradient.columns))
    gradients.hiddenWeightRows(Partition(of: gradient.columns, parts: 2)).forEach(threads: 2) { part, _ in
      part.backward(gradient, factor: run.previous)
    }
    expectClose(dWh, Vectors.numbers(try #require(expected["Wh"])))
    gradients.inputWeightRows(Partition(of: run.packed.columns, parts: 3)).forEach(threads: 2) { part, _ in
      part.backward(gradient, factor: run.packed)
    }
    expectClose(dWx, Vectors.numbers(try #require(expected["Wx"])))
    let dx = Matrix(rows: gradient.rows, columns: run.packed.columns)
    multiply(gradient, .plain, run.weights.inputWeight, .transposed, into: dx)
    expectClose(unpacked(dx, batch: batch), Vectors.numbers(try #require(expected["x"])))
  }

  @Test func embeddingForwardAndBackward() throws {
    let forward = try Vectors.named("word_embedding_forward", in: Vectors().published)
    let table = try Vectors.matrix(forward["inputs"]?["W"])
    let tokens = Vectors.numbers(try #require(forward["inputs"]?["x"])).map { Int32($0) }
    let out = Matrix(rows: tokens.count, columns: table.columns)
    WordEmbedding(table: table).forward(tokens.span, into: out)
    expectClose(out, Vectors.numbers(try #require(forward["expected"]?["out"])))

    let backward = try Vectors.named("word_embedding_backward", in: Vectors().gradients)
    let read = Vectors.numbers(try #require(backward["inputs"]?["x"])).map { Int32($0) }
    let shape = try Vectors.matrix(backward["inputs"]?["W"])
    let gradient = WordEmbedding.Gradients(table: Matrix(rows: shape.rows, columns: shape.columns))
    let upstream = try Vectors.matrix(backward["upstream"])
    gradient.columns(Partition(of: shape.columns, parts: 2)).forEach(threads: 2) { part, _ in
      part.backward(upstream, read.span)
    }
    expectClose(gradient.table, Vectors.numbers(try #require(backward["grads"]?["W"])))
  }

  @Test func affineForward() throws {
    let entry = try Vectors.named("temporal_affine", in: Vectors().published)
    let inputs = entry["inputs"]
    // Published as x w; ours has torch's layout.
    let w = try Vectors.matrix(inputs?["w"])
    let weight = Matrix(
      rows: w.columns, columns: w.rows,
      (0..<w.columns).flatMap { column in (0..<w.rows).map { w.values[$0 * w.columns + column] } })
    let x = try Vectors.matrix(inputs?["x"])
    let out = Matrix(rows: x.rows, columns: w.columns)
    Affine(weight: weight, bias: try Vectors.matrix(inputs?["b"])).forward(x, into: out)
    expectClose(out, Vectors.numbers(try #require(entry["expected"]?["out"])))
  }
}

@Suite struct PackedBatchTests {
  @Test func everyWordStandsOnceAndStepsFall() {
    let width = 6
    let rows: [[Int32]] = [[1, 5, 2], [1, 6, 7, 8, 2], [1, 9, 10, 2], [1, 11, 12, 13, 14, 2], [1, 2]]
    let tokens = rows.flatMap { $0 + [Int32](repeating: 0, count: width - $0.count) }
    let lengths = rows.map { Int32($0.count) }
    let selected = [3, 0, 1, 2, 4]
    var batch = PackedBatch(partCount: 2)
    for _ in 0..<2 {
      batch.pack(tokens: tokens.span, width: width, lengths: lengths.span, selected: selected.span)
      #expect(batch.rowCount == rows.reduce(0) { $0 + $1.count - 1 })
      var rebuilt = [[Int32]](repeating: [], count: rows.count)
      for part in 0..<2 {
        var row = batch.rows(ofPart: part).lowerBound
        let counts = batch.counts(ofPart: part)
        for step in counts.indices {
          if step > 0 { #expect(counts[step] <= counts[step - 1]) }
          for sequence in batch.sequences(ofPart: part).prefix(counts[step]) {
            let index = selected[batch.order[sequence]]
            #expect(batch.inputs[row] == rows[index][step] && batch.targets[row] == rows[index][step + 1])
            rebuilt[index].append(batch.targets[row])
            row += 1
          }
        }
        #expect(row == batch.rows(ofPart: part).upperBound)
      }
      #expect(rebuilt == rows.map { Array($0.dropFirst()) })
    }
  }

  @Test func anEmptyPart() {
    var batch = PackedBatch(partCount: 2)
    let tokens: [Int32] = [1, 4, 2]
    let lengths: [Int32] = [3]
    let selected = [0]
    batch.pack(tokens: tokens.span, width: 3, lengths: lengths.span, selected: selected.span)
    #expect(batch.rows(ofPart: 1).isEmpty && batch.sequences(ofPart: 1).isEmpty && batch.inputs == [1, 4])
  }
}
