import Diagnostics
import Files
import HDF5
import Kernels
import Synchronization
import Workers

/// Builds a cache of rows: threads write blocks of rows at their final place in `PATH.partial`, a journal records the finished ones,
/// and `publish` turns it into `PATH` whole.
///
/// The published bytes depend on the rows alone: not on the number of threads, nor on how often the work was interrupted.
package final class CacheWriter: Sendable {
  package let path: String
  package let inputCount: Int
  package let inputsPerBlock: Int
  /// Blocks `0 ..< finishedBlocks` were found intact; begin with this one.
  package let finishedBlocks: Int

  private let datasets: [RowDataset]
  private let maximumRows: Int
  private let offsets: [Int]
  private let file: OutputFile
  private let journal: Journal
  private let turnstile: Turnstile
  private let finishedNotes: [String]
  private let state: Mutex<State>

  private struct State {
    var declaredRows: Int
    var writtenBlocks: Int
    /// One CRC32C for each row and dataset: `checksums[dataset][row]`.
    var checksums: [[UInt32]]
    var notes: [String?]
  }

  /// Locks and claims the space, and keeps what an earlier run of the same work finished.
  ///
  /// - Parameters:
  ///   - journalIdentity: everything that decides the rows' bytes; an earlier partial file of another identity is discarded.
  ///   - maximumRows: one for each input at most.
  ///   - keepsBlock: whether an intact block is still wanted; those after the first that isn't are made anew.
  /// - Throws: `InputError` where the folder can't be written, the disk is full or another process builds this cache.
  package init(
    path: String, journalIdentity: String, datasets: [RowDataset], maximumRows: Int, inputCount: Int,
    inputsPerBlock: Int, keepsBlock: (_ block: Int, _ note: String) throws -> Bool = { _, _ in true }
  ) throws {
    precondition(!datasets.isEmpty, "a cache has rows of something")
    guard maximumRows > 0 else { throw InputError(file: path, "would have no rows", remedy: "check what was chosen") }
    self.path = path
    self.datasets = datasets
    self.maximumRows = maximumRows
    self.inputCount = inputCount
    self.inputsPerBlock = inputsPerBlock
    let blockCount = (inputCount + inputsPerBlock - 1) / inputsPerBlock
    let (offsets, end) = try Self.layOut(datasets, rows: maximumRows)
    self.offsets = offsets
    file = try OutputFile(path: path, keepsContent: true)
    let journalPath = file.target + ".journal"
    let layout = datasets.map { "\($0.name) \($0.elementType.name) \($0.rowShape)" }
    let identity = "\(journalIdentity) \(layout) \(maximumRows) \(inputsPerBlock)"

    let recorded = try Journal.read(journalPath, identity: identity)
    var checksums = [[UInt32]](repeating: [UInt32](repeating: 0, count: maximumRows), count: datasets.count)
    let intact = try Self.intactPrefix(
      Array(try recorded.prefix { try keepsBlock($0.index, $0.note) }), of: file, datasets, offsets, &checksums)
    try file.claim(end)
    journal = try Journal(path: journalPath, identity: identity, blocks: intact)
    finishedBlocks = intact.count
    finishedNotes = intact.map(\.note)
    turnstile = Turnstile(first: intact.count)
    let rows = intact.last.map { $0.firstRow + $0.rowCount } ?? 0
    let notes = intact.map(\.note) + [String?](repeating: nil, count: blockCount - intact.count)
    state = Mutex(State(declaredRows: rows, writtenBlocks: intact.count, checksums: checksums, notes: notes))
  }

  package var blockCount: Int { (inputCount + inputsPerBlock - 1) / inputsPerBlock }

  /// The inputs of a block; the last block may be shorter.
  package func inputRange(ofBlock block: Int) -> Range<Int> {
    block * inputsPerBlock..<min(inputCount, (block + 1) * inputsPerBlock)
  }

  /// What was stored with a finished block.
  package func note(ofBlock block: Int) -> String {
    state.withLock { $0.notes[block] } ?? ""
  }

  /// How many rows the blocks so far have.
  package var rowCount: Int { state.withLock { $0.declaredRows } }

  /// Writes a block's rows. Waits until every earlier block has said how many rows it has, so that the order of the rows is that of the
  /// inputs.
  ///
  /// - Parameters:
  ///   - note: kept with the block through interruptions: its ledger lines, say.
  ///   - write: appends exactly `rowCount` rows to each dataset.
  package func commit(block: Int, rowCount: Int, note: String, write: (inout BlockSink) throws -> Void) throws {
    let first = turnstile.pass(block) {
      state.withLock { state in
        defer { state.declaredRows += rowCount }
        return state.declaredRows
      }
    }
    guard let first else { throw Interrupted() }
    do {
      var sink = BlockSink(file: file, datasets: datasets, offsets: offsets, firstRow: first)
      try write(&sink)
      precondition(sink.checksums.allSatisfy { $0.count == rowCount }, "block \(block) has other rows than it said")
      let record = Journal.Block(
        index: block, firstRow: first, rowCount: rowCount, checksum: Self.blockChecksum(sink.checksums), note: note)
      try journal.append(record)
      state.withLock { state in
        for dataset in datasets.indices {
          state.checksums[dataset].replaceSubrange(first..<first + rowCount, with: sink.checksums[dataset])
        }
        state.notes[block] = note
        state.writtenBlocks += 1
      }
    } catch {
      abandon()
      throw error
    }
  }

  /// Lets nobody wait any longer; what is finished stays for the next run.
  func abandon() { turnstile.close() }

  /// Ends the file and gives it its name. The small datasets of checksums under `integrity/` come by themselves.
  package func publish(_ identity: CacheIdentity, columns: [NamedColumn]) throws {
    let (rows, written, checksums) = state.withLock { ($0.declaredRows, $0.writtenBlocks, $0.checksums) }
    precondition(written == blockCount, "only \(written) of \(blockCount) blocks are there")
    guard rows > 0 else { throw InputError(file: path, "no row could be made", remedy: "see the reasons above") }
    precondition(rows == maximumRows || datasets.count == 1, "only the last dataset may end early")
    let skeleton = try Skeleton()
    for (index, dataset) in datasets.enumerated() {
      let extent = try skeleton.reserve(
        dataset.name, dataset.elementType.stored, shape: [rows] + dataset.rowShape, description: dataset.description)
      precondition(extent.offset == offsets[index], "\(dataset.name) would move from its rows")
    }
    try skeleton.write(identity, columns)
    for (index, dataset) in datasets.enumerated() {
      try skeleton.write(
        "integrity/\(dataset.name)", .uint32(Array(checksums[index][..<rows])),
        description: "CRC32C of each row of \(dataset.name)")
    }
    let end = try skeleton.copyMetadata(to: file)
    try skeleton.check(file)
    let extents = zip(offsets, datasets).map { $0..<$0 + rows * $1.rowByteCount }
    try Seal.append(to: file, end: end, extents: extents)
    try file.publish(endingRecord: journal.path)
  }

  /// The rows' places and the end of the last one: those of the published file.
  private static func layOut(_ datasets: [RowDataset], rows: Int) throws -> (offsets: [Int], end: Int) {
    let skeleton = try Skeleton()
    let extents = try datasets.map {
      try skeleton.reserve($0.name, $0.elementType.stored, shape: [rows] + $0.rowShape, description: $0.description)
    }
    return (extents.map(\.offset), extents.map { $0.offset + $0.byteCount }.max() ?? 0)
  }

  /// Those of the recorded blocks, from the first on, whose bytes are still what the journal says.
  private static func intactPrefix(
    _ recorded: [Journal.Block], of file: OutputFile, _ datasets: [RowDataset], _ offsets: [Int],
    _ checksums: inout [[UInt32]]
  ) throws -> [Journal.Block] {
    guard !recorded.isEmpty else { return [] }
    let map = try file.mapped()
    let bytes = map.bytes
    var intact: [Journal.Block] = []
    for block in recorded {
      var found: [[UInt32]] = []
      for (index, dataset) in datasets.enumerated() {
        let start = offsets[index] + block.firstRow * dataset.rowByteCount
        let end = start + block.rowCount * dataset.rowByteCount
        guard end <= bytes.byteCount, block.firstRow + block.rowCount <= checksums[index].count else { return intact }
        found.append(
          (0..<block.rowCount).map { row in
            crc32c(
              bytes.extracting(start + row * dataset.rowByteCount..<start + (row + 1) * dataset.rowByteCount))
          })
      }
      guard blockChecksum(found) == block.checksum else { return intact }
      for index in datasets.indices {
        checksums[index].replaceSubrange(block.firstRow..<block.firstRow + block.rowCount, with: found[index])
      }
      intact.append(block)
    }
    return intact
  }

  private static func blockChecksum(_ checksums: [[UInt32]]) -> UInt32 {
    checksums.reduce(0) { crc32c($1, continuing: $0) }
  }
}

/// Where a block's rows go.
package struct BlockSink {
  private let file: OutputFile
  private let datasets: [RowDataset]
  private var positions: [Int]
  fileprivate var checksums: [[UInt32]]

  fileprivate init(file: OutputFile, datasets: [RowDataset], offsets: [Int], firstRow: Int) {
    self.file = file
    self.datasets = datasets
    positions = zip(offsets, datasets).map { $0 + firstRow * $1.rowByteCount }
    checksums = [[UInt32]](repeating: [], count: datasets.count)
  }

  /// Appends whole rows to a dataset.
  package mutating func append(dataset: Int, _ bytes: RawSpan) throws {
    let rowByteCount = datasets[dataset].rowByteCount
    let rows = bytes.byteCount / rowByteCount
    for row in 0..<rows {
      checksums[dataset].append(crc32c(bytes.extracting(row * rowByteCount..<(row + 1) * rowByteCount)))
    }
    try file.write(bytes.extracting(0..<rows * rowByteCount), at: positions[dataset])
    positions[dataset] += rows * rowByteCount
  }
}
