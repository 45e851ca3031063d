import Diagnostics
import Digests
import Files
package import JSON
import Synchronization
import Workers

/// An image that an annotation file names.
package struct ImageRecord: Sendable, Equatable {
  package var id: Int64
  /// Relative to the folder or the zip of images.
  package var fileName: String
  /// In pixels, where the file says so.
  package var width: Int?
  package var height: Int?

  package init(id: Int64, fileName: String, width: Int? = nil, height: Int? = nil) {
    self.id = id
    self.fileName = fileName
    self.width = width
    self.height = height
  }
}

/// A caption; its text stays in the file.
package struct CaptionRecord: Sendable {
  package var id: Int64
  /// Position of its image in `AnnotationFile.images`.
  package var imageIndex: Int
  package var text: JSONText
}

/// The images and captions of one split: COCO's `captions_*.json`, or one split of Karpathy's `dataset_coco.json`.
///
/// The file stays mapped; a caption costs 24 bytes of memory, an image 40.
package struct AnnotationFile: Sendable {
  struct ImageEntry {
    var id: Int64
    var name: PackedText
    var width: Int32 = -1
    var height: Int32 = -1
    var folder: Int32 = -1
  }

  struct CaptionEntry {
    var id: Int64
    /// The image's id while the file is read, its position afterwards.
    var image: Int64
    var text: PackedText
  }

  package var path: String { map.path }
  /// Of the whole file.
  package let sha256: String
  let map: MappedFile
  let folders: [String]
  let imageEntries: [ImageEntry]
  let captionEntries: [CaptionEntry]

  /// Reads COCO's captions format in one pass; `images` and `annotations` may stand in either order.
  ///
  /// - Throws: `InputError` naming the byte or the record for a file that is missing, cut short, of another kind, or whose ids are
  ///   double or point nowhere.
  package init(path: String, threads: Int) throws {
    let map = try MappedFile(path: path)
    let (digest, content) = try Self.digest(map, threads: threads) {
      var content = AnnotationContent(map: map)
      try content.readCOCO()
      try content.resolve()
      return content
    }
    self.init(map: map, sha256: digest, content: content)
  }

  init(map: MappedFile, sha256: String, content: AnnotationContent) {
    self.map = map
    self.sha256 = sha256
    folders = content.folders
    imageEntries = content.images
    captionEntries = content.captions
  }

  /// The file's SHA-256 beside what `read` makes of the same bytes, on two threads where there are two.
  static func digest<Content: Sendable>(
    _ map: MappedFile, threads: Int, _ read: @Sendable () throws -> Content
  ) throws -> (String, Content) {
    let digest = Mutex("")
    let result = Mutex<Content?>(nil)
    // What can't be read isn't worth hashing: a sparse file of a terabyte is refused at its first byte.
    let isRefused = Atomic(false)
    try forEachIndex(2, threads: threads) { index, _ in
      if index == 0 {
        do {
          let content = try read()
          result.withLock { $0 = content }
        } catch {
          isRefused.store(true, ordering: .relaxed)
          throw error
        }
      } else {
        let text = try Self.sha256(of: map) { isRefused.load(ordering: .relaxed) }
        digest.withLock { $0 = text }
      }
    }
    return (digest.withLock { $0 }, result.withLock { $0! })
  }

  private static func sha256(of map: MappedFile, unless isRefused: () -> Bool) throws -> String {
    var hasher = SHA256Hasher()
    try map.forEachWindow { window in
      if isRefused() { throw Interrupted() }
      hasher.update(window)
    }
    return hasher.finish()
  }

  package var imageCount: Int { imageEntries.count }
  package var captionCount: Int { captionEntries.count }

  package func imageID(_ index: Int) -> Int64 { imageEntries[index].id }

  /// Image `index` in the order of the file.
  package func image(_ index: Int) throws -> ImageRecord {
    let entry = imageEntries[index]
    let name = try entry.name.text.string(in: map.bytes, file: path)
    return ImageRecord(
      id: entry.id, fileName: entry.folder >= 0 ? FileSystem.join(folders[Int(entry.folder)], name) : name,
      width: entry.width >= 0 ? Int(entry.width) : nil, height: entry.height >= 0 ? Int(entry.height) : nil)
  }

  /// Caption `index` in the order of the file.
  package func caption(_ index: Int) -> CaptionRecord {
    let entry = captionEntries[index]
    return CaptionRecord(id: entry.id, imageIndex: Int(entry.image), text: entry.text.text)
  }

  /// Where the text of caption `index` lies.
  package func text(ofCaption index: Int) -> JSONText { captionEntries[index].text.text }

  /// A caption's text, escapes undone.
  package func text(of caption: CaptionRecord) throws -> String {
    try caption.text.string(in: map.bytes, file: path)
  }

  /// The file's bytes, which captions' ranges index.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get { map.bytes }
  }

  /// Gives back the memory of bytes that were read.
  package func discard(_ range: Range<Int>) { map.discard(range) }
}
