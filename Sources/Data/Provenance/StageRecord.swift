package import Diagnostics
package import JSON

/// What made a file, as the file itself or its stamp says, or as a plan would: the one notion of it. Caches keep it in their attributes,
/// other outputs in the stamp beside them.
package struct StageRecord: Sendable, Equatable {
  /// The executable.
  package var stage: String
  /// Raised whenever the stage's bytes change for the same configuration and inputs.
  package var codeVersion: Int
  /// Everything the user chose that changes the content.
  package var configuration: JSONValue
  /// Name → digest of everything that was read.
  package var inputs: JSONValue
  /// The splits in their order; nil where there are none, or nobody says.
  package var splits: [String]?

  package init(
    stage: String, codeVersion: Int, configuration: JSONValue, inputs: JSONValue, splits: [String]? = nil
  ) {
    self.stage = stage
    self.codeVersion = codeVersion
    self.configuration = configuration
    self.inputs = inputs
    self.splits = splits
  }

  /// The one form in JSON.
  package var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("stage", .string(stage)), .init("code_version", .integer(codeVersion)),
      .init("configuration", configuration), .init("inputs", inputs),
    ]
    if let splits { members.append(.init("splits", .array(splits.map { .string($0) }))) }
    return members
  }

  /// - Throws: `InputError` where a member is missing or of another kind.
  package init(_ json: JSONValue) throws(InputError) {
    guard let stage = json["stage"]?.string, let version = json["code_version"]?.integer,
      let configuration = json["configuration"], let inputs = json["inputs"], inputs.members != nil
    else { throw InputError("does not say what made it") }
    self.init(
      stage: stage, codeVersion: version, configuration: configuration, inputs: inputs,
      splits: json["splits"]?.array?.compactMap(\.string))
  }

  /// The one comparison: the first choice in which this differs from what was `made`, in words; nil where none does. What was read is
  /// compared where it can be looked at.
  ///
  /// - Parameter path: the file that says it was `made` so.
  package func difference(from made: StageRecord, of path: String) -> String? {
    if made.stage != stage { return "\(path) was made by \(made.stage)" }
    if made.codeVersion != codeVersion { return "\(stage) itself changed" }
    for member in configuration.members ?? [] {
      let old = made.configuration[member.key]?.canonical
      // A choice that is null is one that is not made.
      if old ?? "null" != member.value.canonical {
        return "\(member.key) is \(member.value.canonical), was \(old ?? "not set")"
      }
    }
    if let splits, let old = made.splits, splits != old {
      return "the splits are \(splits.joined(separator: ", ")), were \(old.joined(separator: ", "))"
    }
    return nil
  }
}
