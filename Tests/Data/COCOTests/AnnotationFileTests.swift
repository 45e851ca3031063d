import COCO
import Diagnostics
import Digests
import Files
import Random
import TestSupport
import Testing

/// Writes `text` as a file of `folder`.
func write(_ text: String, _ folder: TemporaryFolder, _ name: String = "captions.json") throws -> String {
  let path = FileSystem.join(folder.path, name)
  try FileSystem.replace(path, with: text)
  return path
}

let smallFile = #"""
  {"info": {"year": 2014}, "type": "captions",
   "annotations": [
    {"image_id": 7, "id": 1, "caption": "A dog, \"Rex\"."}, {"image_id": 9, "id": 2, "caption": "Caf\u00e9 \ud83d\ude00"},
    {"image_id": 7, "id": 3, "caption": "naïve", "extra": [1, {"caption": "no"}]}, {"image_id": 5, "id": 4, "caption": ""},
    {"image_id": 7, "id": 5, "caption": "third"}],
   "images": [
    {"id": 9, "file_name": "nine.jpg", "width": 640, "height": 480}, {"license": 3, "file_name": "a\/seven.jpg", "id": 7},
    {"id": 5, "file_name": "five.jpg", "height": null, "width": 3}]}
  """#

@Suite struct AnnotationFileTests {
  @Test(arguments: [1, 2])
  func readsImagesAndCaptions(threads: Int) throws {
    let folder = try TemporaryFolder()
    let file = try AnnotationFile(path: try write(smallFile, folder), threads: threads)
    let images = try (0..<file.imageCount).map { try file.image($0) }
    #expect(
      images == [
        ImageRecord(id: 9, fileName: "nine.jpg", width: 640, height: 480), ImageRecord(id: 7, fileName: "a/seven.jpg"),
        ImageRecord(id: 5, fileName: "five.jpg", width: 3),
      ])
    let captions = (0..<file.captionCount).map { file.caption($0) }
    #expect(captions.map(\.id) == [1, 2, 3, 4, 5])
    #expect(captions.map(\.imageIndex) == [1, 0, 1, 2, 1])
    #expect(try captions.map { try file.text(of: $0) } == ["A dog, \"Rex\".", "Café 😀", "naïve", "", "third"])
    #expect(file.sha256 == sha256(smallFile))
  }

  @Test(arguments: [
    ("", "the file is empty"), ("[1, 2]", "is not a COCO captions file: expected an object"),
    (#"{"images": []}"#, "it has no 'annotations'"), (#"{"annotations": []}"#, "it has no 'images'"),
    (#"{"images": {}, "annotations": []}"#, "expected a list of images"),
    (
      #"{"images": [], "annotations": [{"id": 1, "image_id": 1, "segmentation": [[1.5, 2]], "bbox": []}]}"#,
      "annotation 0 has no 'caption': this is another kind of COCO annotations"
    ),
    (#"{"images": [{"id": 1}], "annotations": []}"#, "image 0 has no 'file_name'"),
    (#"{"images": [{"id": "1", "file_name": "a"}], "annotations": []}"#, "the id of image 0 to be a whole number"),
    (
      #"{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"id": 1, "image_id": 1, "caption": 5}]}"#,
      "the caption of annotation 0 to be a string"
    ),
    (
      #"{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"id": 1, "image_id": 2, "caption": ""}]}"#,
      "its image_id 2 is that of no image in the file"
    ),
    (
      #"{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}], "annotations": []}"#,
      "its id 1 is also that of image 0"
    ),
    (
      #"{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"id": 4, "image_id": 1, "caption": ""}, "#
        + #"{"id": 4, "image_id": 1, "caption": ""}]}"#, "its id 4 is also that of annotation 0"
    ),
    (#"{"images": [], "annotations": []} {"#, "text after the end"),
    (
      #"{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"id": 1, "image_id": 1, "caption": "\ud800"}]}"#,
      "an unpaired surrogate"
    ),
    (
      #"{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"id": 1, "image_id": 1, "caption": "a\u0000b"}]}"#,
      "annotation 0: its caption contains the character NUL"
    ),
    (
      #"{"images": [{"id": 1, "file_name": "a\u0000"}], "annotations": []}"#,
      "image 0: its file name contains the character NUL"
    ),
    (#"{"images": [{"id": 007, "file_name": "a"}], "annotations": []}"#, "the id of image 0 to be a whole number"),
    (#"{"images": [{"id": 1, "file_name": "a", "x": [+1]}], "annotations": []}"#, "not a JSON value"),
    ("\u{1F}\u{FFFD}\u{8}", "is gzip-compressed"),
  ])
  func badFiles(content: String, problem: String) throws {
    let folder = try TemporaryFolder()
    let path = try write(content, folder)
    for threads in [1, 2] {
      let error = #expect(throws: InputError.self) { try AnnotationFile(path: path, threads: threads) }
      #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
      #expect(error?.file == path)
    }
  }

  @Test func everyCutIsAnError() throws {
    let folder = try TemporaryFolder()
    let bytes = Array(smallFile.utf8)
    for count in stride(from: 0, to: bytes.count, by: 3) {
      let path = FileSystem.join(folder.path, "cut.json")
      try FileSystem.replace(path, with: Array(bytes[..<count]))
      let error = #expect(throws: InputError.self) { try AnnotationFile(path: path, threads: 1) }
      #expect(error?.description.split(separator: "\n").count == 1)
    }
  }

  @Test func missingFile() {
    let error = #expect(throws: InputError.self) { try AnnotationFile(path: "/nowhere/captions.json", threads: 1) }
    #expect(error?.description.hasPrefix("/nowhere/captions.json: can't be opened") == true)
  }

  @Test func karpathy() throws {
    let folder = try TemporaryFolder()
    let path = try write(
      #"""
      {"images": [
       {"filepath": "val2014", "sentids": [10, 11], "filename": "a.jpg", "imgid": 0, "split": "test",
        "sentences": [{"tokens": ["a", "b"], "raw": "A b.", "imgid": 0, "sentid": 10}, {"raw": "c", "sentid": 11}], "cocoid": 77},
       {"filepath": "train2014", "filename": "b.jpg", "imgid": 1, "split": "restval", "cocoid": 78,
        "sentences": [{"raw": "d", "sentid": 12}]},
       {"filename": "c.jpg", "imgid": 2, "split": "train", "sentences": [{"raw": "e", "sentid": 13}]}], "dataset": "coco"}
      """#, folder)
    let splits = try KarpathyFile.read(path: path, threads: 2)
    #expect(splits.map(\.name) == ["train", "test"])
    let (train, test) = (splits[0].annotations, splits[1].annotations)
    #expect(try train.image(0) == ImageRecord(id: 78, fileName: "train2014/b.jpg"))
    #expect(try train.image(1) == ImageRecord(id: 2, fileName: "c.jpg"))
    #expect(try test.image(0) == ImageRecord(id: 77, fileName: "val2014/a.jpg"))
    #expect((0..<2).map { test.caption($0).id } == [10, 11])
    #expect(try test.text(of: test.caption(0)) == "A b.")
    #expect(throws: InputError.self) { try KarpathyFile.read(path: try write(smallFile, folder), threads: 1) }
  }

  @Test(arguments: [#"{"images": []}"#, #"{"images": [], "images": []}"#]) func karpathyWithoutImages(content: String)
    throws
  {
    let folder = try TemporaryFolder()
    let path = try write(content, folder)
    #expect { try DatasetRequest(.karpathy(path: path)).load(threads: 1) } throws: { error in
      (error as? InputError)?.file == path
    }
  }

  @Test func karpathyNamesOfNUL() throws {
    let folder = try TemporaryFolder()
    for (name, filepath) in [("a\\u0000", "f"), ("a", "f\\u0000")] {
      let path = try write(
        #"{"images": [{"filename": "\#(name)", "filepath": "\#(filepath)", "cocoid": 1, "split": "val", "sentences": []}]}"#,
        folder)
      #expect { try KarpathyFile.read(path: path, threads: 1) } throws: { "\($0)".contains("image 0: its file") }
    }
  }

  /// Changed, cut and doubled bytes: an error or a dataset, never a crash.
  @Test func mutatedFilesNeverCrash() throws {
    let folder = try TemporaryFolder()
    let whole = Array(
      (#"{"info": {"year": 2014}, "images": [{"id": 7, "file_name": "a\u00e9.jpg", "width": 640, "height": 480, "filepath": "v", "#
        + #""filename": "a.jpg", "cocoid": 3, "split": "train", "sentences": [{"raw": "A dog.", "sentid": 1}]}], "#
        + #""annotations": [{"id": 1, "image_id": 7, "caption": "Two \"dogs\"."}]}"#).utf8)
    var random = SplitMix64(seed: 3)
    for _ in 0..<100 {
      var bytes = whole
      for _ in 0...random.index(below: 2) {
        let place = random.index(below: bytes.count)
        switch random.index(below: 4) {
        case 0: bytes[place] = UInt8(random.index(below: 256))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: bytes[..<place].suffix(random.index(below: 40)), at: place)
        default: bytes.replaceSubrange(place..<place, with: Array("99999999999999999999".utf8))
        }
      }
      let path = folder.path + "/mutated.json"
      try FileSystem.replace(path, with: bytes)
      for source in [DatasetRequest.Source.coco([("train", path)]), .karpathy(path: path)] {
        do { _ = try DatasetRequest(source).load(threads: 1) } catch { #expect(error is InputError) }
      }
    }
  }
}
