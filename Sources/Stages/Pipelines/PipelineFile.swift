import Diagnostics
import Files
import Yams

/// A pipeline file: variables, then stages in the order in which they run.
///
/// ```yaml
/// variables:
///   photos: ../photos            # --set photos=/data/coco/train2017
/// stages:
///   - run: decode-images
///     with:
///       images: ${photos}        # --images=../photos
///       split: [train=a.json]    # a list repeats the option
///       grid: true               # a flag; false, and an empty value, leave it out
/// ```
package struct PipelineFile: Sendable {
  package struct Stage: Sendable {
    /// The executable's name.
    package var name: String
    /// Its command line. An option and its value are one word, so that no value can become an option.
    package var arguments: [String]
  }

  /// A `--set` of a variable that the file does not have.
  package struct UnknownVariable: Error, Equatable, CustomStringConvertible {
    package var description: String
  }

  /// What `run:` may name, and nothing else that happens to lie in the same folder.
  package static let stageNames = [
    "generate-scenes", "decode-images", "tokenize-captions", "extract-features", "train-captioner", "caption-images",
    "score-captions",
  ]

  package var path: String
  package var stages: [Stage] = []

  /// Reads the file and puts the variables in.
  ///
  /// - Parameter overrides: `--set NAME=VALUE`. A value is one word, never YAML; it may name variables.
  /// - Throws: `InputError` with the line of what is wrong; `UnknownVariable`.
  package init(path: String, overrides: [(name: String, value: String)]) throws {
    self.path = path
    let reader = PipelineReader(path: path)
    let members = try reader.mapping(try reader.root(), "the file")
    var values: [Variables.Definition] = []
    var list: Node?
    for member in members {
      switch member.key {
      case "variables":
        values = try reader.mapping(member.value, "variables").map {
          Variables.Definition(name: $0.key, text: try reader.scalar($0.value), line: reader.line($0.value))
        }
      case "stages": list = member.value
      case "description": break
      default:
        throw reader.error(member.keyNode, "unknown key '\(member.key)'; expected description, variables or stages")
      }
    }
    for (name, value) in overrides {
      guard let index = values.firstIndex(where: { $0.name == name }) else {
        let names = values.map(\.name).sorted().joined(separator: ", ")
        throw UnknownVariable(description: "\(path) has no variable '\(name)'; its variables are \(names)")
      }
      values[index] = Variables.Definition(name: name, text: value, line: "--set \(name)")
    }
    guard case .sequence(let items)? = list, !items.isEmpty else {
      throw InputError(file: path, "has no list called 'stages'", remedy: "see pipelines/demo.yaml for the form")
    }
    let variables = try Variables(values, file: path)
    for item in items { stages.append(try reader.stage(item, variables)) }
  }
}
