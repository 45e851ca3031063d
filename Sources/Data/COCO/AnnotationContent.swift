import Diagnostics
import Files
import JSON

/// What is read from an annotation file, before ids are resolved.
struct AnnotationContent: Sendable {
  let map: MappedFile
  var images: [AnnotationFile.ImageEntry] = []
  var captions: [AnnotationFile.CaptionEntry] = []
  var folders: [String] = []

  init(map: MappedFile) { self.map = map }

  private enum Key {
    static let images = JSONKey("images")
    static let annotations = JSONKey("annotations")
    static let id = JSONKey("id")
    static let fileName = JSONKey("file_name")
    static let width = JSONKey("width")
    static let height = JSONKey("height")
    static let imageID = JSONKey("image_id")
    static let caption = JSONKey("caption")
  }

  static let remedy = "give COCO's captions_*.json, or Karpathy's dataset_coco.json with --karpathy"

  mutating func readCOCO() throws(InputError) {
    let map = map
    let path = map.path
    var scanner = JSONScanner(map.bytes, file: path)
    guard map.count > 0 else { throw InputError(file: path, "the file is empty", remedy: Self.remedy) }
    guard try scanner.peek() == UInt8(ascii: "{") else {
      throw scanner.failure("is not a COCO captions file: expected an object", remedy: Self.remedy)
    }
    try scanner.enterObject()
    // Growing would copy; but the file's size is a claim, so only as much as COCO's own files need.
    captions.reserveCapacity(min(map.count / 96, 1 << 20))
    images.reserveCapacity(min(map.count / 256, 1 << 18))
    var hasImages = false
    var hasAnnotations = false
    while let key = try scanner.nextKey() {
      switch key {
      case Key.images:
        guard !hasImages else { throw scanner.failure("a second 'images'") }
        hasImages = true
        try readImages(&scanner)
      case Key.annotations:
        guard !hasAnnotations else { throw scanner.failure("a second 'annotations'") }
        hasAnnotations = true
        try readAnnotations(&scanner)
      default: try scanner.skipValue()
      }
    }
    try scanner.finish()
    guard hasImages, hasAnnotations else {
      let missing = hasImages ? "annotations" : "images"
      throw InputError(file: path, "is not a COCO captions file: it has no '\(missing)'", remedy: Self.remedy)
    }
  }

  private mutating func readImages(_ scanner: inout JSONScanner) throws(InputError) {
    let (idKey, nameKey, widthKey, heightKey) = (Key.id, Key.fileName, Key.width, Key.height)
    var done = scanner.position
    try scanner.enterList("a list of images")
    while try scanner.nextItem() {
      var (id, name): (Int64?, PackedText?) = (nil, nil)
      var (width, height): (Int32, Int32) = (-1, -1)
      let number = images.count
      try scanner.enterObject("image \(number) to be an object")
      while let key = try scanner.nextKey() {
        if key == idKey {
          id = try scanner.integer("the id of image \(number) to be a whole number")
        } else if key == nameKey {
          name = try packedName(try scanner.text("the file_name of image \(number) to be a string"), number)
        } else if key == widthKey || key == heightKey {
          guard try scanner.peek() != UInt8(ascii: "n") else {
            try scanner.skipValue()
            continue
          }
          let size = Int32(clamping: try scanner.integer("the size of image \(number) to be a whole number"))
          if key == widthKey { width = size } else { height = size }
        } else {
          try scanner.skipValue()
        }
      }
      guard let id, let name else {
        throw scanner.failure("image \(number) has no '\(id == nil ? "id" : "file_name")'", remedy: Self.remedy)
      }
      try append(.init(id: id, name: name, width: width, height: height))
      release(&done, scanner.position)
    }
  }

  private mutating func readAnnotations(_ scanner: inout JSONScanner) throws(InputError) {
    let path = map.path
    let (idKey, imageKey, captionKey) = (Key.id, Key.imageID, Key.caption)
    var done = scanner.position
    try scanner.enterList("a list of annotations")
    while try scanner.nextItem() {
      var (id, image, text): (Int64?, Int64?, JSONText?) = (nil, nil, nil)
      let number = captions.count
      try scanner.enterObject("annotation \(number) to be an object")
      while let key = try scanner.nextKey() {
        if key == idKey {
          id = try scanner.integer("the id of annotation \(number) to be a whole number")
        } else if key == imageKey {
          image = try scanner.integer("the image_id of annotation \(number) to be a whole number")
        } else if key == captionKey {
          text = try scanner.text("the caption of annotation \(number) to be a string")
        } else {
          try scanner.skipValue()
        }
      }
      guard let text else {
        throw scanner.failure(
          "annotation \(number) has no 'caption': this is another kind of COCO annotations", remedy: Self.remedy)
      }
      guard let id, let image else {
        throw scanner.failure("annotation \(number) has no '\(id == nil ? "id" : "image_id")'", remedy: Self.remedy)
      }
      try append(id, image: image, text, file: path)
      release(&done, scanner.position)
    }
  }

  mutating func append(_ id: Int64, image: Int64, _ text: JSONText, file: String) throws(InputError) {
    try Self.check(text, in: map, at: "annotation \(captions.count)", "caption")
    try checkRoom(captions.count, "annotations")
    captions.append(.init(id: id, image: image, text: try PackedText(text, file: file)))
  }

  mutating func append(_ image: AnnotationFile.ImageEntry) throws(InputError) {
    try checkRoom(images.count, "images")
    images.append(image)
  }

  /// The file's name of image `number`.
  func packedName(_ text: JSONText, _ number: Int) throws(InputError) -> PackedText {
    try Self.check(text, in: map, at: "image \(number)", "file name")
    return try PackedText(text, file: map.path)
  }

  /// What is not plain is decoded once here, so that nobody meets a broken string later, nor one that ends early: C and HDF5 cut
  /// texts at a NUL.
  static func check(_ text: JSONText, in map: MappedFile, at place: String, _ what: String) throws(InputError) {
    guard !text.isPlain else { return }
    if try text.string(in: map.bytes, file: map.path).utf8.contains(0) {
      throw InputError(
        file: map.path, at: place, "its \(what) contains the character NUL", remedy: "remove the \\u0000")
    }
  }

  /// Records are numbered by 32 bits.
  private func checkRoom(_ count: Int, _ what: String) throws(InputError) {
    guard count < Int(Int32.max) else { throw InputError(file: map.path, "has more than \(Int32.max) \(what)") }
  }

  /// Gives the pages behind the scanner back, a megabyte at a time.
  func release(_ done: inout Int, _ position: Int) {
    if position - done >= 1 << 20 {
      map.discard(done..<position)
      done = position
    }
  }

  /// Replaces the captions' image ids by positions.
  ///
  /// - Throws: `InputError` for double ids and for captions of images that aren't there.
  mutating func resolve() throws(InputError) {
    let path = map.path
    var imageIndex = IdentifierIndex(capacity: images.count)
    for position in images.indices {
      let id = images[position].id
      if let first = imageIndex.insert(id, at: position, idAt: { images[$0].id }) {
        throw InputError(
          file: path, at: "image \(position)", "its id \(id) is also that of image \(first)", remedy: "ids must differ")
      }
    }
    var captionIndex = IdentifierIndex(capacity: captions.count)
    for position in captions.indices {
      let caption = captions[position]
      guard let image = imageIndex.position(of: caption.image, idAt: { images[$0].id }) else {
        throw InputError(
          file: path, at: "annotation \(position)",
          "its image_id \(caption.image) is that of no image in the file", remedy: "add the image or drop the caption")
      }
      if let first = captionIndex.insert(caption.id, at: position, idAt: { captions[$0].id }) {
        throw InputError(
          file: path, at: "annotation \(position)", "its id \(caption.id) is also that of annotation \(first)",
          remedy: "ids must differ")
      }
      captions[position].image = Int64(image)
    }
  }
}
