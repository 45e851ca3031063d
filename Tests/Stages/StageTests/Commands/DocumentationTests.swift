import Caches
import Files
import Processes
import TestSupport
import Testing

/// What README, docs/stages.md, cache/README.md and --help say, where a command can check it; Tests/Architecture/pages.py checks their names.
extension BuiltStages {
  @Suite struct DocumentationTests {
    private static let shortTypes = [
      "uint8": "u8", "int32": "i32", "int64": "i64", "uint32": "u32", "float16": "f16", "float32": "f32",
    ]

    private func page(_ name: String) throws -> String { try FileSystem.readText("\(SharedData.repository)/\(name)") }

    private func help(_ stage: String) throws -> String { try succeed(stage, ["--help"]).output }

    /// Copied from an 80 column terminal, each example is a command line that the stage takes.
    @Test(arguments: ConventionTests.allStages) func examplesAreCommandLines(stage: String) throws {
      let lines = try help(stage).split(separator: "\n", omittingEmptySubsequences: false)
      let start = try #require(lines.firstIndex { $0.lowercased().hasPrefix("example") })
      let example = lines[(start + 1)...].prefix { !$0.isEmpty }.joined(separator: "\n")
      let folder = try TemporaryFolder()
      // Nothing that the examples read is there, so that a command that parses fails with 1.
      let script = """
        cd \(folder.path) || exit 3
        \(stage)() { "\(ChildProcess.ownFolder)/\(stage)" "$@" --dry-run; local code=$?; [ $code -le 1 ] || echo "$code: $*"; }
        \(example)
        """
      let run = try StageProcess.run("/bin/bash", ["-c", script])
      #expect(!run.output.contains("64: "), "\(run.output)\(run.errors)")
      #expect(!run.errors.contains("bash: "), "\(run.errors)")
    }

    /// Every option in README's commands exists, and every stage stands in the table of docs/stages.md.
    @Test func whatREADMENamesExists() throws {
      let readme = try page("README.md")
      let known = try ConventionTests.allStages.map(help).joined()
      for block in readme.components("```sh\n").dropFirst() {
        for word in (block.components("```").first ?? "").split(whereSeparator: { " \n".contains($0) })
        where word.hasPrefix("--") { #expect(known.contains("\(word) "), "\(word)") }
      }
      let stages = try page("docs/stages.md")
      for stage in ConventionTests.allStages { #expect(stages.contains("| `\(stage)` |"), "\(stage)") }
    }

    /// The tables of cache/README.md: each dataset is there, of that type and shape, and says what it is.
    /// References/check_caches.py looks, with h5py, that there are no others.
    @Test func cachesAreAsTheirPageSays() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let gridded = folder.path + "/features.h5"
      try succeed(
        "extract-features",
        ["--images-cache", fixture.images, "--weights", fixture.weights, "--grid", "--output", gridded])
      let page = try page("cache/README.md")
      for (name, path) in [("images", fixture.images), ("captions", fixture.captions), ("features", gridded)] {
        let file = try CacheReader(path: path, format: "captioneer.\(name)")
        var sizes: [Substring: Int] = [:]
        var count = 0
        let section = page.components("\n## \(name).h5\n").dropFirst().first?.components("\n## ").first ?? ""
        for row in section.split(separator: "\n") where row.hasPrefix("| `") {
          let cells = row.split(separator: "|").map(String.init)
          let names = cells[0].components("`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
          let kinds = cells[1].components("]").filter { $0.contains("[") }
          try #require(names.count == kinds.count, "\(row)")
          for (dataset, kind) in zip(names, kinds) {
            count += 1
            #expect(try file.description(of: dataset)?.isEmpty == false, "\(name).h5 \(dataset)")
            let (type, dimensions) = (kind.components("[")[0], kind.components("[")[1].split(separator: ","))
            let shape: [Int]
            if type.contains("text") {
              shape = [try file.text(dataset).count]
            } else {
              let found = try file.rows(dataset)
              #expect(type.contains(Self.shortTypes[found.elementType.name] ?? "?"), "\(name).h5 \(dataset)")
              shape = found.shape
            }
            #expect(shape.count == dimensions.count, "\(name).h5 \(dataset)")
            for (size, dimension) in zip(shape, dimensions) {
              #expect(size == Int(dimension) ?? sizes[dimension, default: size], "\(name).h5 \(dataset)")
              sizes[dimension] = size
            }
          }
        }
        #expect(count >= 6, "\(name).h5 has a table")
      }
    }
  }
}

extension String {
  /// The parts between `separator`s, empty ones too.
  fileprivate func components(_ separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}
