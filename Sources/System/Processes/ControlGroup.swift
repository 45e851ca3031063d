#if canImport(Glibc)
  import Glibc
#endif

/// What the control group of this process (a container, a Slurm job) allows it: the one reader of those files.
///
/// Version 2: a group obeys those above it too. Version 1: memory alone, at the root, where a container sees its own.
package struct ControlGroup: Sendable {
  package static let current = ControlGroup(root: "/sys/fs/cgroup", membership: "/proc/self/cgroup")

  private let root: String
  /// The process's group of version 2 and those above it; the last one is the root.
  private let folders: [String]

  /// - Parameters:
  ///   - root: where control groups are mounted.
  ///   - membership: the file that names the process's groups, one a line; `0::/PATH` is that of version 2.
  package init(root: String, membership: String) {
    self.root = root
    let group = Self.lines(membership).last { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) } ?? ""
    var folders = [root + group]
    while let slash = folders[folders.count - 1].dropFirst(root.count).lastIndex(of: "/") {
      folders.append(String(folders[folders.count - 1][..<slash]))
    }
    self.folders = folders
  }

  /// Bytes of memory; nil where it sets no limit.
  package var memory: Int? {
    let files = folders.map { $0 + "/memory.max" } + [root + "/memory/memory.limit_in_bytes"]
    // "max" is no number, and no limit.
    return files.compactMap { Self.numbers($0).first }.min()
  }

  /// The share of time in whole processors, rounded up; nil where it sets no limit.
  package var processors: Int? {
    folders.compactMap { folder in
      let numbers = Self.numbers(folder + "/cpu.max")
      guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
      return numbers[0] / numbers[1] + (numbers[0] % numbers[1] == 0 ? 0 : 1)
    }.min()
  }

  /// The numbers of a file's first line, up to the first word that is none.
  private static func numbers(_ path: String) -> [Int] {
    let words = lines(path).first?.split(separator: " ") ?? []
    return words.prefix { Int($0) != nil }.compactMap { Int($0) }
  }

  /// Files of the kernel have no size before they are read. What can't be read sets no limit.
  private static func lines(_ path: String) -> [String] {
    guard let file = unsafe fopen(path, "re") else { return [] }
    defer { unsafe fclose(file) }
    var lines: [String] = []
    var line = [CChar](repeating: 0, count: 4200)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let bytes = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
      lines.append(String(decoding: bytes, as: UTF8.self))
    }
    return lines
  }
}
