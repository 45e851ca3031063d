import Diagnostics
package import Kernels
package import Weights

/// What the tensors of a set are.
package enum TensorRole {
  package enum Parameter: Sendable {}
  package enum Gradient: Sendable {}
  /// What an optimizer remembers of earlier gradients.
  package enum Moment: Sendable {}
}

package typealias ParameterSet = TensorSet<TensorRole.Parameter>
package typealias GradientSet = TensorSet<TensorRole.Gradient>
package typealias MomentSet = TensorSet<TensorRole.Moment>

/// Where a tensor stands in its set.
package struct TensorEntry: Sendable, Equatable {
  package var name: String
  package var shape: [Int]  // one or two dimensions
  package var offset: Int
  package var count: Int { shape.reduce(1, *) }
}

/// Named tensors in one flat buffer, so that an optimizer runs over all of them at once. What they are to the model is in the type:
/// parameters (under PyTorch's names), their gradients and an optimizer's moments can't be taken for each other.
///
/// Each tensor begins at a multiple of 64 bytes; the gaps stay zero.
package struct TensorSet<Role: Sendable>: Sendable {
  package let entries: [TensorEntry]
  /// All of them, [1, floats].
  package let storage: Matrix

  /// Zeros for tensors of these shapes.
  package init(_ shapes: [(name: String, shape: [Int])]) {
    var entries: [TensorEntry] = []
    var offset = 0
    for (name, shape) in shapes {
      let entry = TensorEntry(name: name, shape: shape, offset: offset)
      entries.append(entry)
      offset += (entry.count + 15) / 16 * 16
    }
    self.entries = entries
    storage = Matrix(rows: 1, columns: offset)
  }

  /// Zeros of the same names and shapes, in another role.
  fileprivate func zeros<Other>(_ role: Other.Type) -> TensorSet<Other> {
    TensorSet<Other>(entries.map { ($0.name, $0.shape) })
  }

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
  package func copy(from other: TensorSet) {
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

extension ParameterSet {
  /// Room for the gradients of these parameters: zeros.
  package func gradients() -> GradientSet { zeros(TensorRole.Gradient.self) }

  /// Room for an optimizer's moments of these parameters: zeros.
  package func moments() -> MomentSet { zeros(TensorRole.Moment.self) }
}
