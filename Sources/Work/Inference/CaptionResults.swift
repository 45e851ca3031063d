import Files
package import JSON

/// The caption of one photograph.
package struct CaptionedImage: Sendable, Equatable {
  /// COCO's id: of a cached row, or the digits that end a file's name.
  package var id: Int?
  /// The file as it was given, or the id of a cached row.
  package var name: String
  package var caption: String

  /// As COCO's results files have it. A photograph without a number is known by its name.
  package var json: JSONValue {
    ["image_id": id.map { .integer($0) } ?? .string(name), "caption": .string(caption)]
  }
}

/// What a run of captioning gave.
package struct CaptionResults: Sendable {
  package var images: [CaptionedImage] = []
  /// Photographs that can't be decoded, and why.
  package var failures: [(file: String, reason: String)] = []

  /// COCO's results JSON, one entry a line.
  package var json: String {
    images.isEmpty ? "[]\n" : "[\n" + images.map(\.json.compact).joined(separator: ",\n") + "\n]\n"
  }

  /// For people: a line each, file, tab, caption.
  package var lines: [String] { images.map { "\($0.name)\t\($0.caption)" } }

  /// What a stage tells of it.
  package var summary: JSONValue {
    [
      "captions": .array(images.map(\.json)),
      "failures": .array(failures.map { ["file": .string($0.file), "reason": .string($0.reason)] }),
    ]
  }
}

/// 42 for `COCO_val2014_000000000042.jpg`; nil where the name does not end in digits.
func imageID(ofFile path: String) -> Int? {
  let name = FileSystem.name(of: path)
  let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
  let digits = stem.reversed().prefix { "0"..."9" ~= $0 }.reversed()
  return digits.isEmpty ? nil : Int(String(digits))
}
