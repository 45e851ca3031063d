import Diagnostics
import Files
import JSON

/// Writes `tensors` as F32 in the order given, replacing `path` as a whole. Equal arguments give equal bytes.
///
/// - Throws: `InputError` where the file can't be written.
package func writeSafetensors(_ tensors: [NamedTensor], metadata: [(String, String)] = [], to path: String) throws {
  try FileSystem.replace(path, with: safetensors(tensors, metadata: metadata))
}

/// The bytes of a safetensors file. The header is padded with spaces so that the numbers begin at a multiple of eight.
package func safetensors(_ tensors: [NamedTensor], metadata: [(String, String)]) -> [UInt8] {
  var members: [JSONValue.Member] = []
  if !metadata.isEmpty {
    members.append(.init("__metadata__", .object(metadata.map { .init($0.0, .string($0.1)) })))
  }
  var offset = 0
  for tensor in tensors {
    let end = offset + tensor.values.count * 4
    members.append(
      .init(
        tensor.name,
        [
          "dtype": "F32", "shape": .array(tensor.shape.map { .integer($0) }),
          "data_offsets": [.integer(offset), .integer(end)],
        ]))
    offset = end
  }
  var header = Array(JSONValue.object(members).compact.utf8)
  while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(8 + header.count + offset)
  bytes.append(bytesOf: [UInt64(header.count)])
  bytes += header
  for tensor in tensors { bytes.append(bytesOf: tensor.values) }
  return bytes
}
