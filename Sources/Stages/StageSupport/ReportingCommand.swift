package import ArgumentParser
import Diagnostics
import Processes

/// A command whose every end is told alike: a line on standard error, with `--json` an object on standard output, and an exit code.
///
/// Exit codes: 0 complete work (or nothing to do), 1 failed, 2 incomplete, 64 wrong usage, 129, 130 and 143 ended by HUP, INT and TERM.
package protocol ReportingCommand: ParsableCommand {
  var common: CommonOptions { get }
  /// Does the work and prints what came of it.
  ///
  /// - Returns: the exit code.
  /// - Throws: `InputError`, `Interrupted`, and ArgumentParser's `ValidationError` for wrong usage.
  func execute() throws -> Int32
}

extension ReportingCommand {
  static var name: String { configuration.commandName ?? "command" }

  package static func main() {
    StandardStreams.secure()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      // Wrong usage has the shape of any failure for those that read JSON; for people it is ArgumentParser's text. Of a stage's, the
      // stage has told already.
      let isOurs = !(error is ExitCode) && exitCode(for: error) == .validationFailure
      if isOurs, CommandLine.arguments.contains("--json") {
        try? writeStandardOutput(StageReport(stage: name, .failed, error: InputError(message(for: error))).text)
      }
      exit(withError: error)
    }
  }

  package mutating func run() throws {
    Signals.install()
    var code: Int32 = 1
    do {
      code = try execute()
    } catch let error as InputError {
      printError("\(Self.name): \(error)")
      if common.json { try? writeStandardOutput(StageReport(stage: Self.name, .failed, error: error).text) }
    } catch is Interrupted {
      code = Signals.exitCode
      // --force would start anew.
      let advice =
        common.force
        ? "without --force the same command goes on from here, or keeps what was there before"
        : "the same command goes on from here"
      printError("\(Self.name): stopped; \(advice)")
      if common.json { try? writeStandardOutput(StageReport(stage: Self.name, .interrupted).text) }
    }
    if code != 0 { throw ExitCode(code) }
  }
}

/// One line on standard error.
package func printError(_ line: String) {
  writeStandardError(line + "\n")
}
