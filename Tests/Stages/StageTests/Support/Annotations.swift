import Files
import JSON

/// Writes the COCO captions JSON of `images`, one caption each.
func writeAnnotations(_ images: [(id: Int, file: String)], to path: String) throws {
  let document: JSONValue = [
    "images": .array(images.map { ["id": .integer($0.id), "file_name": .string($0.file)] }),
    "annotations": .array(
      images.map { ["id": .integer($0.id), "image_id": .integer($0.id), "caption": "A red circle on a blue ground."] }),
  ]
  try FileSystem.replace(path, with: document.compact)
}

/// `count` images that are the fixture's scenes over and over, under rising ids.
func repeatedScenes(_ count: Int) -> [(id: Int, file: String)] {
  (0..<count).map { index in
    let digits = String(index % (Fixture.trainCount + Fixture.validationCount) + 1)
    return (index + 1, String(repeating: "0", count: 12 - digits.count) + digits + ".jpg")
  }
}
