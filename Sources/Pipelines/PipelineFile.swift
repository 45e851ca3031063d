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
///       images: ${photos}        # --images ../photos
///       split: [train=a.json]    # a list repeats the option
///       grid: true               # a flag; false leaves it out
/// ```
public struct PipelineFile: Sendable {
  public struct Stage: Sendable {
    /// The executable's name.
    public var name: String
    /// Its command line.
    public var arguments: [String]
  }

  public var path: String
  public var stages: [Stage]

  /// Reads the file and puts the variables in.
  ///
  /// - Parameter overrides: `--set NAME=VALUE`, in order.
  /// - Throws: `InputError` with the line of what is wrong.
  public init(path: String, overrides: [(name: String, value: String)]) throws {
    self.path = path
    let text = try FileSystem.readText(path)
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      throw InputError(file: path, "is not YAML: \(error)", remedy: "see pipelines/demo.yaml for the form")
    }
    var reader = Reader(path: path)
    let members = try reader.mapping(root, "the file")
    var variables: [String: String] = [:]
    stages = []
    for (key, value) in members {
      switch key.text {
      case "variables":
        for (name, node) in try reader.mapping(value, "variables") { variables[name.text] = try reader.scalar(node) }
      case "stages", "description": break
      default:
        throw reader.error(key.node, "unknown key '\(key.text)'; expected description, variables or stages")
      }
    }
    for (name, value) in overrides {
      guard variables[name] != nil else {
        throw InputError(
          file: path, "has no variable '\(name)'",
          remedy: "its variables are \(variables.keys.sorted().joined(separator: ", "))")
      }
      variables[name] = value
    }
    reader.variables = variables
    guard let (_, list) = members.first(where: { $0.0.text == "stages" }), case .sequence(let items) = list else {
      throw InputError(file: path, "has no list called 'stages'", remedy: "see pipelines/demo.yaml for the form")
    }
    for item in items { stages.append(try reader.stage(item)) }
  }
}

/// Walks the YAML nodes, with their lines for errors.
private struct Reader {
  struct Key {
    var text: String
    var node: Node
  }

  let path: String
  var variables: [String: String] = [:]

  init(path: String) { self.path = path }

  func error(_ node: Node?, _ problem: String, remedy: String? = nil) -> InputError {
    InputError(file: path, at: node?.mark.map { "line \($0.line)" }, problem, remedy: remedy)
  }

  func mapping(_ node: Node?, _ what: String) throws -> [(Key, Node)] {
    guard case .mapping(let mapping)? = node else { throw error(node, "\(what): expected 'key: value' lines") }
    return try mapping.map { (Key(text: try scalar($0.key), node: $0.key), $0.value) }
  }

  func scalar(_ node: Node) throws -> String {
    guard case .scalar(let scalar) = node else { throw error(node, "expected one value") }
    return scalar.string
  }

  func stage(_ node: Node) throws -> PipelineFile.Stage {
    var name: String?
    var arguments: [String] = []
    for (key, value) in try mapping(node, "a stage") {
      switch key.text {
      case "run": name = try scalar(value)
      case "with":
        for (option, node) in try mapping(value, "with") { arguments += try self.arguments(option.text, node) }
      default: throw error(key.node, "unknown key '\(key.text)'; expected run or with")
      }
    }
    guard let name else { throw error(node, "a stage without 'run: NAME'") }
    guard !name.contains("/") else { throw error(node, "'\(name)' is not the name of a stage") }
    return PipelineFile.Stage(name: name, arguments: arguments)
  }

  func arguments(_ option: String, _ node: Node) throws -> [String] {
    if case .sequence(let items) = node {
      return try items.flatMap { ["--\(option)", try substitute(try scalar($0), at: $0)] }
    }
    let value = try substitute(try scalar(node), at: node)
    switch value {
    case "true": return ["--\(option)"]
    case "false", "": return []
    default: return ["--\(option)", value]
    }
  }

  /// Puts the values in for `${name}`. Values may themselves name variables.
  func substitute(_ text: String, at node: Node, depth: Int = 0) throws -> String {
    guard depth < 16 else { throw error(node, "variables that name each other in a circle") }
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else { throw error(node, "'${' without '}'") }
      let name = String(rest[start.upperBound..<end])
      guard let value = variables[name] else {
        throw error(node, "no variable '\(name)'", remedy: "add it under variables")
      }
      result += rest[..<start.lowerBound]
      result += try substitute(value, at: node, depth: depth + 1)
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}
