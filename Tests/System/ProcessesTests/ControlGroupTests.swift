import Files
import Processes
import TestSupport
import Testing

/// Folders that look like the kernel's.
@Suite struct ControlGroupTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func group(_ files: [(path: String, text: String)], membership: String?) throws -> ControlGroup {
    let root = folder.path + "/cgroup"
    for (path, text) in files {
      try FileSystem.makeFolder(FileSystem.folder(of: root + "/" + path))
      try FileSystem.replace(root + "/" + path, with: text)
    }
    let list = folder.path + "/membership"
    if let membership { try FileSystem.replace(list, with: membership) }
    return ControlGroup(root: root, membership: list)
  }

  @Test func withoutAnyThereIsNoLimit() throws {
    let none = try group([], membership: nil)
    #expect(none.memory == nil && none.processors == nil)
    let free = try group([("cpu.max", "max 100000\n"), ("memory.max", "max\n")], membership: "0::/\n")
    #expect(free.memory == nil && free.processors == nil)
  }

  /// The narrowest of a group and those above it.
  @Test func aGroupObeysThoseAboveIt() throws {
    let files = [
      ("job/step/cpu.max", "250000 100000\n"), ("job/cpu.max", "400000 100000\n"), ("other/cpu.max", "1 100000\n"),
      ("job/step/memory.max", "max\n"), ("job/memory.max", "1073741824\n"), ("memory.max", "2147483648\n"),
    ]
    let step = try group(files, membership: "12:cpu:/elsewhere\n0::/job/step\n")
    #expect(step.processors == 3 && step.memory == 1 << 30)
    let job = try group(files, membership: "0::/job\n")
    #expect(job.processors == 4 && job.memory == 1 << 30)
    let root = try group(files, membership: "0::/\n")
    #expect(root.processors == nil && root.memory == 2 << 30)
  }

  @Test func versionOneLimitsMemory() throws {
    let found = try group(
      [("memory/memory.limit_in_bytes", "536870912\n")], membership: "4:memory:/docker/a\n2:cpu:/docker/a\n")
    #expect(found.memory == 512 << 20 && found.processors == nil)
  }

  @Test func whatIsNoNumberIsNoLimit() throws {
    let found = try group(
      [("cpu.max", "0 100000\n"), ("a/cpu.max", "x y\n"), ("a/memory.max", "\n")], membership: "0::/a\n")
    #expect(found.processors == nil && found.memory == nil)
  }

  @Test func thisProcessHasSome() {
    #expect(availableProcessorCount >= 1 && memoryLimit() > 1 << 20)
  }
}
