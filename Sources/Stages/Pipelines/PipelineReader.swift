import Diagnostics
import Files
import Yams

/// Walks the YAML nodes of a pipeline file, with their lines for errors.
struct PipelineReader {
  struct Member {
    var key: String
    var keyNode: Node
    var value: Node
  }

  let path: String

  /// The parsed file.
  func root() throws -> Node? {
    guard try FileSystem.status(of: path)?.signature.map({ $0.size <= 1 << 20 }) ?? true else {
      throw InputError(file: path, "is larger than 1 MB, which no pipeline file is", remedy: "give a pipeline file")
    }
    let text = try FileSystem.readText(path)
    // A key of aliases of aliases would take for ever to compare, so they are refused before anything is parsed.
    if let name = Self.alias(in: text) {
      throw InputError(
        file: path, "anchors and aliases (&\(name), *\(name)) are not taken", remedy: "name it under variables")
    }
    func fail(_ problem: String, _ line: Int?) -> InputError {
      InputError(
        file: path, at: line.map { "line \($0)" }, "is not YAML: \(problem)",
        remedy: "see pipelines/demo.yaml for the form")
    }
    do {
      return try Yams.compose(yaml: text)
    } catch YamlError.duplicatedKeysInMapping(let names, let context) {
      throw InputError(
        file: path, at: "line \(context.mark.line)", "'\(names.first ?? "")' is given twice", remedy: "keep one")
    } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _)
    {
      throw fail(problem, mark.line)
    } catch YamlError.reader(let problem, _, _, _) {
      throw fail(problem, nil)
    } catch {
      throw fail("\(error)", nil)
    }
  }

  /// A name that is both an anchor (`&name`) and an alias (`*name`).
  private static func alias(in text: String) -> String? {
    var anchors: Set<Substring> = []
    var aliases: Set<Substring> = []
    for word in text.split(whereSeparator: { $0.isWhitespace || "[]{},:\"'".contains($0) }) {
      let name = word.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
      if word.first == "&" { anchors.insert(name) }
      if word.first == "*" { aliases.insert(name) }
    }
    return anchors.intersection(aliases).min().map(String.init)
  }

  func line(_ node: Node) -> String? { node.mark.map { "line \($0.line)" } }

  func error(_ node: Node?, _ problem: String, remedy: String? = nil) -> InputError {
    InputError(file: path, at: node.flatMap(line), problem, remedy: remedy)
  }

  func mapping(_ node: Node?, _ what: String) throws -> [Member] {
    guard case .mapping(let mapping)? = node else { throw error(node, "\(what): expected 'key: value' lines") }
    let members = try mapping.map { Member(key: try scalar($0.key), keyNode: $0.key, value: $0.value) }
    // YAML takes 1 and "1" for two keys.
    var seen: Set<String> = []
    for member in members where !seen.insert(member.key).inserted {
      throw error(member.keyNode, "'\(member.key)' is given twice", remedy: "keep one")
    }
    return members
  }

  func scalar(_ node: Node) throws -> String {
    guard case .scalar(let scalar) = node else { throw error(node, "expected one value") }
    return scalar.string
  }

  func stage(_ node: Node, _ variables: Variables) throws -> PipelineFile.Stage {
    var name: String?
    var arguments: [String] = []
    for member in try mapping(node, "a stage") {
      switch member.key {
      case "run": name = try scalar(member.value)
      case "with":
        for option in try mapping(member.value, "with") { arguments += try self.arguments(option, variables) }
      default: throw error(member.keyNode, "unknown key '\(member.key)'; expected run or with")
      }
    }
    guard let name else { throw error(node, "a stage without 'run: NAME'") }
    guard PipelineFile.stageNames.contains(name) else {
      throw error(
        node, "'\(name)' is not the name of a stage",
        remedy: "stages are \(PipelineFile.stageNames.joined(separator: ", "))")
    }
    return PipelineFile.Stage(name: name, arguments: arguments)
  }

  private func arguments(_ option: Member, _ variables: Variables) throws -> [String] {
    guard option.key.first?.isLetter == true,
      option.key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    else { throw error(option.keyNode, "'\(option.key)' is not the name of an option") }
    func value(_ node: Node) throws -> String {
      try variables.substitute(in: try scalar(node), at: line(node))
    }
    if case .sequence(let items) = option.value { return try items.map { "--\(option.key)=\(try value($0))" } }
    switch try value(option.value) {
    case "true": return ["--\(option.key)"]
    case "false", "": return []
    case let text: return ["--\(option.key)=\(text)"]
    }
  }
}
