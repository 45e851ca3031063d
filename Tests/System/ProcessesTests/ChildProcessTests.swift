import Diagnostics
import Processes
import Testing

@Suite struct ChildProcessTests {
  private func shell(_ script: String, capturesOutput: Bool = true) throws -> ChildProcess.Result {
    try ChildProcess.run("/bin/sh", ["-c", script], capturesOutput: capturesOutput, errors: .captured)
  }

  @Test func codesAndOutputAreTheChilds() throws {
    let found = try shell("echo out; echo error >&2; exit 7")
    #expect(found.code == 7 && found.signal == nil && found.output == "out\n" && found.errors == "error\n")
    #expect(try shell("exit 0", capturesOutput: false).output.isEmpty)
    // More than a pipe holds.
    #expect(try shell("head -c 1000000 /dev/zero").output.utf8.count == 1_000_000)
  }

  /// As a shell tells it: 128 and the signal's number.
  @Test(arguments: [9, 15, 6] as [Int32]) func aSignalIsToldFromAnExit(signal: Int32) throws {
    let found = try shell("kill -\(signal) $$")
    #expect(found.code == 128 + signal && found.signal == signal)
    #expect(try shell("exit \(128 + signal)").signal == nil)
  }

  @Test func aLookDoesNotWait() throws {
    let child = try ChildProcess("/bin/sh", ["-c", "exec sleep 9"])
    #expect(child.poll() == nil)
    child.send(15)
    let ending = child.wait()
    #expect(ending.code == 143 && ending.signal == 15)
    #expect(child.poll() == ending)
  }

  @Test func whatCannotBeStartedIsNamed() {
    let error = #expect(throws: InputError.self) {
      try ChildProcess.run("/none/program", [], capturesOutput: false)
    }
    #expect(error?.file == "/none/program" && error?.errorNumber == 2)
  }
}
