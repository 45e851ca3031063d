package import JSON

/// What a stage reads, makes and costs, declared before it runs: `--dry-run` prints it, and it decides whether the stage has
/// anything to do, and whether it may replace what lies where its outputs belong.
package struct StagePlan: Sendable {
  /// The executable's name.
  package var stage: String
  /// Raised whenever the stage's output changes for the same configuration and inputs.
  package var codeVersion: Int
  /// Everything the user chose that changes the output. Threads and paths do not belong here.
  package var configuration: JSONValue
  package var inputs: [StageInput]
  /// The first is the one that counts, and its stamp lies beside it. None where the result is only printed.
  package var outputs: [StageOutput]
  /// The splits in the order in which they are asked for; nil where the inputs decide that.
  package var splits: [String]?
  package var rows: Int?
  package var bytes: Int?
  /// Why an output that was made from the same inputs by the same choices is not enough after all: more of it is missing than is
  /// allowed now. Nil where it is.
  package var shortcoming: (@Sendable () throws -> String?)?

  let seen = SeenInputs()

  package init(
    stage: String, codeVersion: Int, configuration: JSONValue, inputs: [StageInput], outputs: [StageOutput],
    splits: [String]? = nil, rows: Int? = nil, bytes: Int? = nil, shortcoming: (@Sendable () throws -> String?)? = nil
  ) {
    self.stage = stage
    self.codeVersion = codeVersion
    self.configuration = configuration
    self.inputs = inputs
    self.outputs = outputs
    self.splits = splits
    self.rows = rows
    self.bytes = bytes
    self.shortcoming = shortcoming
  }

  /// Whether the outputs are those that this plan would make.
  package enum Verdict: Equatable, Sendable {
    case current
    case stale(reason: String)

    package var reason: String {
      switch self {
      case .current: "nothing changed"
      case .stale(let reason): reason
      }
    }
  }

  /// The plan's part of what `--json` prints: its inputs, options and cost.
  package var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("configuration", configuration),
      .init("inputs", .array(inputs.map { ["name": .string($0.name), "path": .string($0.path)] })),
    ]
    if let rows { members.append(.init("rows", .integer(rows))) }
    if let bytes { members.append(.init("bytes", .integer(bytes))) }
    return .object(members)
  }
}
