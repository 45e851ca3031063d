import Diagnostics
package import Kernels
package import Weights

/// A model's parameters under PyTorch's names in one flat buffer, so that an optimizer runs over all of them at once.
///
/// Each tensor begins at a multiple of 64 bytes; the gaps stay zero.
package struct ParameterSet: Sendable {
  package struct Entry: Sendable, Equatable {
    package var name: String
    package var shape: [Int]  // one or two dimensions
    package var offset: Int
    package var count: Int { shape.reduce(1, *) }
  }

  package let entries: [Entry]
  /// All of them, [1, floats].
  package let storage: Matrix

  /// Zeros for tensors of these shapes.
  package init(_ shapes: [(name: String, shape: [Int])]) {
    var entries: [Entry] = []
    var offset = 0
    for (name, shape) in shapes {
      let entry = Entry(name: name, shape: shape, offset: offset)
      entries.append(entry)
      offset += (entry.count + 15) / 16 * 16
    }
    self.entries = entries
    storage = Matrix(rows: 1, columns: offset)
  }

  /// Zeros of the same shapes: gradients.
  package func zeros() -> ParameterSet { ParameterSet(entries.map { ($0.name, $0.shape) }) }

  /// The tensor `name`; one dimension gives one row.
  package func matrix(_ name: String) -> Matrix {
    guard let entry = entries.first(where: { $0.name == name }) else { preconditionFailure("no parameter \(name)") }
    return storage.window(
      at: entry.offset, rows: entry.shape.count == 1 ? 1 : entry.shape[0], columns: entry.shape.last ?? 1)
  }

  /// The number of parameters, gaps not counted.
  package var count: Int { entries.reduce(0) { $0 + $1.count } }

  /// Whether every number is finite.
  package var isFinite: Bool {
    let values = storage.span
    for index in values.indices where !values[index].isFinite { return false }
    return true
  }

  /// Takes over the numbers of a set of the same shapes.
  package func copy(from other: ParameterSet) {
    precondition(entries == other.entries)
    for entry in entries { matrix(entry.name).copy(from: other.matrix(entry.name)) }
  }

  /// Copies, for a weights file.
  package var tensors: [NamedTensor] {
    entries.map { NamedTensor(name: $0.name, shape: $0.shape, values: matrix($0.name).values) }
  }

  /// Fills the parameters from `file`.
  ///
  /// - Throws: `InputError` where a tensor is missing or has another shape.
  package func load(from file: SafetensorsFile, prefix: String = "") throws {
    for entry in entries {
      let tensor = try file.tensor(prefix + entry.name)
      guard tensor.shape == entry.shape else {
        throw InputError(
          file: file.path, at: "tensor \(prefix + entry.name)", "has shape \(tensor.shape), expected \(entry.shape)",
          remedy: "give the checkpoint that belongs to this run")
      }
      matrix(entry.name).copy(from: tensor.values.span)
    }
  }
}
