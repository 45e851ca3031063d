import Files
public import JSON

/// The caption of one photograph.
public struct CaptionedImage: Sendable, Equatable {
  /// COCO's id: of a cached row, or the digits that end a file's name.
  public var id: Int?
  /// The file as it was given, or the id of a cached row.
  public var name: String
  public var caption: String

  /// As COCO's results files have it. A photograph without a number is known by its name.
  public var json: JSONValue {
    ["image_id": id.map { .integer($0) } ?? .string(name), "caption": .string(caption)]
  }
}

/// What a run of captioning gave.
public struct CaptionResults: Sendable {
  public var images: [CaptionedImage] = []
  /// Photographs that can't be decoded, and why.
  public var failures: [(file: String, reason: String)] = []

  /// COCO's results JSON, one entry a line.
  public var json: String {
    images.isEmpty ? "[]\n" : "[\n" + images.map(\.json.compact).joined(separator: ",\n") + "\n]\n"
  }
}

/// 42 for `COCO_val2014_000000000042.jpg`; nil where the name does not end in digits.
func imageID(ofFile path: String) -> Int? {
  let name = FileSystem.name(of: path)
  let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
  let digits = stem.reversed().prefix { "0"..."9" ~= $0 }.reversed()
  return digits.isEmpty ? nil : Int(String(digits))
}
