import TestSupport
import Testing

/// Runs a stage and fails the test, with what it said, where it does not succeed.
@discardableResult
func succeed(_ name: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws
  -> StageProcess
{
  let run = try StageProcess.run(name, arguments)
  try #require(
    run.code == 0, "\(name) \(arguments.joined(separator: " ")): \(run.errors)", sourceLocation: sourceLocation)
  return run
}

/// Runs a stage that must fail with one clear line that names all of `words`, and without a trap.
func expectRefusal(
  _ name: String, _ arguments: [String], naming words: [String], code: Int32 = 1,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try StageProcess.run(name, arguments)
  #expect(run.code == code, "\(run.output)\(run.errors)", sourceLocation: sourceLocation)
  #expect(run.errorLines.count == 1, "\(run.errors)", sourceLocation: sourceLocation)
  let line = run.errorLines.last ?? ""
  #expect(line.hasPrefix(name + ": "), sourceLocation: sourceLocation)
  for word in words { #expect(line.contains(word), sourceLocation: sourceLocation) }
}
