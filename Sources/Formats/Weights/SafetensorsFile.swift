import Diagnostics
import Files
import JSON

/// A file of named tensors in the safetensors format: eight bytes of header length, a JSON header, then the numbers.
///
/// Opening reads and checks the header only; numbers are read where they lie.
/// Source: https://github.com/huggingface/safetensors, whose own limits (header ≤ 100 MB, no holes, no overlaps) are kept.
package struct SafetensorsFile: Sendable {
  struct Entry: Sendable {
    var name: String
    var format: ElementFormat
    var shape: [Int]
    var bytes: Range<Int>  // in the file
  }

  package let path: String
  /// The header's `__metadata__`, in its order.
  package let metadata: [(key: String, value: String)]
  let entries: [Entry]  // in the header's order
  private let file: MappedFile

  /// The tensors' names, in the header's order.
  package var names: [String] { entries.map(\.name) }

  static let maximumHeaderByteCount = 100_000_000
  /// Of one tensor's type, shape and offsets.
  private static let maximumEntryByteCount = 1 << 14

  /// - Throws: `InputError` naming the byte or the tensor where the file is cut short or contradicts itself.
  package init(path: String) throws {
    let file = try MappedFile(path: path)
    self.path = path
    self.file = file
    guard file.count >= 8 else {
      throw Self.damaged(path, "byte \(file.count)", "the file ends inside the header's length")
    }
    let announced = file.bytes.value(at: 0, as: UInt64.self)
    guard announced <= Self.maximumHeaderByteCount else {
      throw Self.damaged(path, "byte 0", "announces a header of \(announced) bytes (at most 100 MB is allowed)")
    }
    let dataStart = 8 + Int(announced)
    guard dataStart <= file.count else {
      throw Self.damaged(path, "byte \(file.count)", "the file ends inside its header of \(announced) bytes")
    }
    let header = try Self.readHeader(file, dataStart: dataStart)
    try Self.checkLayout(header.entries, path: path, dataStart: dataStart, fileByteCount: file.count)
    metadata = header.metadata
    entries = header.entries
  }

  private struct Header {
    var metadata: [(key: String, value: String)] = []
    var entries: [Entry] = []
  }

  /// Walks the header where it lies; only a tensor's own few numbers are built as a document.
  private static func readHeader(_ file: MappedFile, dataStart: Int) throws(InputError) -> Header {
    let path = file.path
    let bytes = file.bytes.extracting(8..<dataStart)
    var header = Header()
    var seen: Set<String> = []
    do throws(InputError) {
      var scanner = JSONScanner(bytes)
      guard try scanner.peek() == UInt8(ascii: "{") else { throw scanner.failure("the header is no JSON object") }
      try scanner.enterObject()
      while let key = try scanner.nextKeyText() {
        let name = try key.string(in: bytes)
        guard seen.insert(name).inserted else {
          throw damaged(path, "tensor \(name)", "the name stands twice in the header")
        }
        guard name == "__metadata__" else {
          let value = try entryText(&scanner, bytes, name, path: path)
          header.entries.append(try entry(name, value, path: path, dataStart: dataStart, fileByteCount: file.count))
          continue
        }
        try scanner.enterObject("__metadata__ to be an object")
        while let key = try scanner.nextKeyText() {
          let key = try key.string(in: bytes)
          guard try scanner.peek() == UInt8(ascii: "\"") else { throw damaged(path, name, "\(key) is not a string") }
          header.metadata.append((key, try scanner.text().string(in: bytes)))
        }
      }
      try scanner.finish()
    } catch {
      guard error.file == nil else { throw error }
      throw damaged(path, "header, \(error.location ?? "byte 0")", error.problem)
    }
    return header
  }

  @_lifetime(scanner: copy scanner)
  private static func entryText(
    _ scanner: inout JSONScanner, _ bytes: RawSpan, _ name: String, path: String
  ) throws(InputError) -> JSONValue {
    _ = try scanner.peek()
    let start = scanner.position
    try scanner.skipValue()
    guard scanner.position - start <= maximumEntryByteCount else {
      throw damaged(path, "tensor \(name)", "its description has \(scanner.position - start) bytes")
    }
    return try JSONValue(parsing: bytes.extracting(start..<scanner.position))
  }

  private static func damaged(_ path: String, _ place: String, _ problem: String) -> InputError {
    InputError(file: path, at: place, problem, remedy: "give a whole safetensors file")
  }

  private static func entry(
    _ name: String, _ value: JSONValue, path: String, dataStart: Int, fileByteCount: Int
  ) throws(InputError) -> Entry {
    let place = "tensor \(name)"
    guard let type = value["dtype"]?.string else { throw damaged(path, place, "has no dtype") }
    guard let format = ElementFormat(rawValue: type) else {
      throw InputError(
        file: path, at: place, "numbers of type \(type) are not supported", remedy: "store F32, F16 or BF16")
    }
    guard let dimensions = value["shape"]?.array else { throw damaged(path, place, "has no shape") }
    var shape: [Int] = []
    var byteCount = format.byteCount
    for dimension in dimensions {
      guard let size = dimension.integer, size >= 0 else {
        throw damaged(path, place, "has the dimension \(dimension.compact)")
      }
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
      guard !overflow else { throw damaged(path, place, "its shape overflows") }
      byteCount = product
      shape.append(size)
    }
    guard let offsets = value["data_offsets"]?.array, offsets.count == 2, let begin = offsets[0].integer,
      let end = offsets[1].integer, begin >= 0, begin <= end
    else { throw damaged(path, place, "has no valid data_offsets") }
    guard end <= fileByteCount - dataStart else {
      throw damaged(
        path, place, "ends at byte \(end) of the data, of which the file has only \(fileByteCount - dataStart)")
    }
    guard end - begin == byteCount else {
      throw damaged(
        path, place, "byte \(dataStart + begin): has \(end - begin) bytes where its shape and type need \(byteCount)")
    }
    return Entry(name: name, format: format, shape: shape, bytes: dataStart + begin..<dataStart + end)
  }

  /// Tensors follow each other without overlap, hole or rest.
  private static func checkLayout(_ entries: [Entry], path: String, dataStart: Int, fileByteCount: Int)
    throws(InputError)
  {
    var expected = dataStart
    let ordered = entries.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    for entry in ordered {
      guard entry.bytes.lowerBound == expected else {
        let fault = entry.bytes.lowerBound < expected ? "overlaps the tensor before it" : "leaves a hole before it"
        throw damaged(
          path, "tensor \(entry.name)", "starts at byte \(entry.bytes.lowerBound), expected \(expected): \(fault)")
      }
      expected = entry.bytes.upperBound
    }
    guard expected == fileByteCount else {
      throw damaged(path, "byte \(expected)", "\(fileByteCount - expected) bytes belong to no tensor")
    }
  }

  /// The numbers of one tensor as f32. Integers are converted.
  ///
  /// - Throws: `InputError` where there is no such tensor.
  package func tensor(_ name: String) throws -> NamedTensor {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw InputError(file: path, at: "tensor \(name)", "is not in the file", remedy: "give the file that has it")
    }
    return tensor(entry)
  }

  func tensor(_ entry: Entry) -> NamedTensor {
    let count = entry.bytes.count / entry.format.byteCount
    return NamedTensor(
      name: entry.name, shape: entry.shape,
      values: entry.format.floats(in: file.bytes, at: entry.bytes.lowerBound, count: count))
  }
}
