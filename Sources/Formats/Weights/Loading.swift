import Diagnostics
import Digests
import Files

/// Reads the floating-point tensors of a weights file in its order; integers (batch norm's counters) are left out.
///
/// The kind is told by the content, not by the name: safetensors, or torch's `.pth` in its legacy or zip container.
/// - Throws: `InputError` where the file is damaged, of another kind, or asks for code to be run.
package func loadWeights(path: String) throws -> [NamedTensor] {
  let file = try MappedFile(path: path)
  if TorchFile.isZip(file.bytes) { return try TorchFile(file).readZip() }
  if TorchFile.isLegacy(file.bytes) { return try TorchFile(file).readLegacy() }
  // A safetensors header is a JSON object right after its length.
  guard file.count > 8, file.bytes.value(at: 8, as: UInt8.self) == UInt8(ascii: "{") else {
    throw InputError(
      file: path, at: "byte 0", "is neither a safetensors file nor one of torch's containers",
      remedy: "give a .safetensors or .pth file")
  }
  let safetensors = try SafetensorsFile(path: path)
  return safetensors.entries.filter(\.format.isFloatingPoint).map { safetensors.tensor($0) }
}

/// The SHA-256 of names, shapes and f32 values, by rising name: the same for the same weights in any kind of file.
package func contentDigest(of tensors: [NamedTensor]) -> String {
  var hasher = SHA256Hasher()
  for tensor in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
    hasher.update("\(tensor.name)\u{0}\(tensor.shape)\u{0}")
    hasher.update(tensor.values.byteSpan)
  }
  return hasher.finish()
}

/// SHA-256 over a checkpoint's metadata, without its `digest`, and its tensors: a bit that turned on the disk must not go unnoticed.
package func checkpointDigest(metadata: [(key: String, value: String)], tensors: [NamedTensor]) -> String {
  var hasher = SHA256Hasher()
  for (key, value) in metadata where key != "digest" { hasher.update("\(key)=\(value)\n") }
  hasher.update(contentDigest(of: tensors))
  return hasher.finish()
}
