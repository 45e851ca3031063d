import Diagnostics
import Files
import JSON
import Workers

/// Karpathy's splits (`dataset_coco.json`, also of Flickr8k and Flickr30k): one file with every image, its split and its sentences.
package enum KarpathyFile {
  /// The splits that a file may have; `restval` belongs to `train`.
  package static let splits = ["train", "val", "test"]
  private static let remedy = "give Karpathy's dataset_coco.json, or COCO's captions files with --split"

  /// The file's splits `train` (with `restval`), `val` and `test`, those that have images. An image's file is `filepath/filename`; its id is
  /// `cocoid`, or `imgid` where there is none.
  ///
  /// - Throws: `InputError` as `AnnotationFile`.
  package static func read(
    path: String, threads: Int
  ) throws -> [(name: String, annotations: AnnotationFile)] {
    let map = try MappedFile(path: path)
    let (digest, parts) = try AnnotationFile.digest(map, threads: threads) {
      var parts = [AnnotationContent](repeating: AnnotationContent(map: map), count: splits.count)
      try read(map, into: &parts)
      for index in parts.indices { try parts[index].resolve() }
      return parts
    }
    guard parts.contains(where: { !$0.images.isEmpty }) else {
      throw InputError(file: path, "has no images", remedy: remedy)
    }
    return zip(splits, parts).filter { !$1.images.isEmpty }.map { name, content in
      (name, AnnotationFile(map: map, sha256: digest, content: content))
    }
  }

  private static func read(_ map: MappedFile, into parts: inout [AnnotationContent]) throws(InputError) {
    var scanner = JSONScanner(map.bytes, file: map.path)
    guard try scanner.peek() == UInt8(ascii: "{") else {
      throw scanner.failure("is not Karpathy's format: expected an object", remedy: remedy)
    }
    let imagesKey = JSONKey("images")
    var folders = Folders()
    var hasImages = false
    var done = 0
    try scanner.enterObject()
    while let key = try scanner.nextKey() {
      guard key == imagesKey else {
        try scanner.skipValue()
        continue
      }
      guard !hasImages else { throw scanner.failure("a second 'images'") }
      hasImages = true
      var number = 0
      try scanner.enterList("a list of images")
      while try scanner.nextItem() {
        try readImage(&scanner, number, map, &folders, into: &parts)
        parts[0].release(&done, scanner.position)
        number += 1
      }
    }
    try scanner.finish()
    guard hasImages else { throw InputError(file: map.path, "is not Karpathy's format: no 'images'", remedy: remedy) }
    for index in parts.indices { parts[index].folders = folders.names }
  }

  /// The folders that `filepath` names, each once.
  private struct Folders {
    var names: [String] = []
    private var positions: [String: Int32] = [:]

    mutating func position(of name: String) -> Int32 {
      if let position = positions[name] { return position }
      // No more than there are images, which are counted.
      let position = Int32(names.count)
      positions[name] = position
      names.append(name)
      return position
    }
  }

  private static func readImage(
    _ scanner: inout JSONScanner, _ number: Int, _ map: MappedFile, _ folders: inout Folders,
    into parts: inout [AnnotationContent]
  ) throws(InputError) {
    let path = map.path
    var (cocoID, imageID): (Int64?, Int64?) = (nil, nil)
    var (name, folder, split): (PackedText?, Int32, String?) = (nil, -1, nil)
    var sentences: [(id: Int64, text: JSONText)] = []
    try scanner.enterObject("image \(number) to be an object")
    while let key = try scanner.nextKey() {
      switch key {
      case Key.cocoID: cocoID = try scanner.integer("the cocoid of image \(number) to be a whole number")
      case Key.imageID: imageID = try scanner.integer("the imgid of image \(number) to be a whole number")
      case Key.filename:
        name = try parts[0].packedName(try scanner.text("the filename of image \(number) to be a string"), number)
      case Key.filepath:
        let text = try scanner.text("the filepath of image \(number) to be a string")
        try AnnotationContent.check(text, in: map, at: "image \(number)", "filepath")
        folder = folders.position(of: try text.string(in: map.bytes, file: path))
      case Key.split:
        split = try scanner.text("the split of image \(number) to be a string").string(in: map.bytes, file: path)
      case Key.sentences: try readSentences(&scanner, number, &sentences)
      default: try scanner.skipValue()
      }
    }
    guard let name, let split, let id = cocoID ?? imageID else {
      let missing = name == nil ? "filename" : split == nil ? "split" : "cocoid"
      throw scanner.failure("image \(number) has no '\(missing)': this is not Karpathy's format", remedy: remedy)
    }
    guard let part = splits.firstIndex(of: split == "restval" ? "train" : split) else {
      throw scanner.failure(
        "image \(number) is in an unknown split '\(split)'", remedy: "expected train, restval, val or test")
    }
    try parts[part].append(.init(id: id, name: name, folder: folder))
    for sentence in sentences { try parts[part].append(sentence.id, image: id, sentence.text, file: path) }
  }

  private static func readSentences(
    _ scanner: inout JSONScanner, _ number: Int, _ sentences: inout [(id: Int64, text: JSONText)]
  ) throws(InputError) {
    try scanner.enterList("the sentences of image \(number) to be a list")
    while try scanner.nextItem() {
      var (id, text): (Int64?, JSONText?) = (nil, nil)
      try scanner.enterObject("a sentence of image \(number) to be an object")
      while let key = try scanner.nextKey() {
        switch key {
        case Key.sentenceID: id = try scanner.integer("a sentid of image \(number) to be a whole number")
        case Key.raw: text = try scanner.text("a sentence of image \(number) to be a string")
        default: try scanner.skipValue()
        }
      }
      guard let id, let text else {
        throw scanner.failure("a sentence of image \(number) has no '\(id == nil ? "sentid" : "raw")'", remedy: remedy)
      }
      sentences.append((id, text))
    }
  }

  private enum Key {
    static let cocoID = JSONKey("cocoid")
    static let imageID = JSONKey("imgid")
    static let filename = JSONKey("filename")
    static let filepath = JSONKey("filepath")
    static let split = JSONKey("split")
    static let sentences = JSONKey("sentences")
    static let sentenceID = JSONKey("sentid")
    static let raw = JSONKey("raw")
  }
}
