import Diagnostics
import Files
import JSON

/// A file of named tensors in the safetensors format: eight bytes of header length, a JSON header, then the numbers.
///
/// Opening reads and checks the header only; numbers are read where they lie.
/// Source: https://github.com/huggingface/safetensors, whose own limits (header ≤ 100 MB, no holes, no overlaps) are kept.
public struct SafetensorsFile: Sendable {
  struct Entry: Sendable {
    var name: String
    var format: ElementFormat
    var shape: [Int]
    var bytes: Range<Int>  // in the file
  }

  public let path: String
  /// The header's `__metadata__`, in its order.
  public let metadata: [(key: String, value: String)]
  let entries: [Entry]  // in the header's order
  private let file: MappedFile

  /// The tensors' names, in the header's order.
  public var names: [String] { entries.map(\.name) }

  static let maximumHeaderByteCount = 100_000_000

  /// - Throws: `InputError` naming the byte or the tensor where the file is cut short or contradicts itself.
  public init(path: String) throws {
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
    guard
      let text = String(validating: file.bytes.values(at: 8, count: dataStart - 8, as: UInt8.self), as: UTF8.self)
    else { throw Self.damaged(path, "byte 8", "the header is not UTF-8") }
    let header: JSONValue
    do { header = try JSONValue(parsing: text) } catch {
      throw Self.damaged(path, "header, \(error.location ?? "byte 0")", error.problem)
    }
    guard let members = header.members else { throw Self.damaged(path, "byte 8", "the header is no JSON object") }
    var metadata: [(key: String, value: String)] = []
    var entries: [Entry] = []
    var seen: Set<String> = []
    for member in members {
      guard seen.insert(member.key).inserted else {
        throw Self.damaged(path, "tensor \(member.key)", "the name stands twice in the header")
      }
      if member.key == "__metadata__" {
        for pair in member.value.members ?? [] {
          guard let value = pair.value.string else {
            throw Self.damaged(path, "__metadata__", "\(pair.key) is not a string")
          }
          metadata.append((pair.key, value))
        }
      } else {
        entries.append(
          try Self.entry(member.key, member.value, path: path, dataStart: dataStart, fileByteCount: file.count))
      }
    }
    try Self.checkLayout(entries, path: path, dataStart: dataStart, fileByteCount: file.count)
    self.metadata = metadata
    self.entries = entries
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
        path, place, "ends at byte \(end &+ dataStart), but the file has only \(fileByteCount) bytes")
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
  public func tensor(_ name: String) throws -> NamedTensor {
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
