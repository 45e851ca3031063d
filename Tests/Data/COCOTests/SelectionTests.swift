import COCO
import Diagnostics
import JSON
import TestSupport
import Testing

@Suite struct SelectionTests {
  /// From Tests/References/selection_reference.py.
  @Test(arguments: [
    (100, 8, 1, [18, 40, 43, 53, 56, 61, 65, 66]), (40504, 5, 12345, [7474, 9546, 9856, 11529, 24367]),
    (4, 9, 3, [0, 1, 2, 3]),
  ])
  func samplesAsTheReference(count: Int, wanted: Int, seed: UInt64, expected: [Int]) {
    let selection = Selection(images: .sample(wanted), seed: seed)
    #expect(selection.positions(ofSplit: "train", count: count) == expected)
  }

  @Test func firstAndBySplit() {
    let selection = Selection(images: .first(3), bySplit: [("val", .first(1)), ("test", .all)])
    #expect(selection.positions(ofSplit: "train", count: 10) == [0, 1, 2])
    #expect(selection.positions(ofSplit: "train", count: 2) == [0, 1])
    #expect(selection.positions(ofSplit: "val", count: 10) == [0])
    #expect(selection.positions(ofSplit: "test", count: 4) == [0, 1, 2, 3])
  }

  @Test func jsonNamesWhatDecides() {
    #expect(Selection().json.canonical == #"{"captions_per_image":"all","images":"all"}"#)
    #expect(Selection(bySplit: [("train", .all)]).json.canonical == Selection().json.canonical)
    #expect(
      Selection(images: .first(3), bySplit: [("val", .first(1)), ("val", .first(3))]) == Selection(images: .first(3)))
    #expect(
      Selection(bySplit: [("val", .first(2))], captionsPerImage: 1).ofImages == Selection(bySplit: [("val", .first(2))])
    )
    #expect(Selection(seed: 5) == Selection(seed: 6), "a seed that nothing is drawn with decides nothing")
    #expect(
      Selection(images: .sample(9), bySplit: [("val", .first(2))], seed: 5, captionsPerImage: 1).json.canonical
        == #"{"captions_per_image":1,"images":{"sample":9},"images_by_split":{"val":{"first":2}},"seed":"5"}"#)
  }

  @Test func chosenImagesAndCaptions() throws {
    let folder = try TemporaryFolder()
    let path = try write(smallFile, folder)
    func split(_ selection: Selection) throws -> DatasetSplit {
      try DatasetRequest(.coco([("train", path)]), selection: selection).load(threads: 2).splits[0]
    }
    let all = try split(Selection())
    #expect(all.imageIDs == [9, 7, 5])
    #expect(all.captionIndices == [0, 1, 2, 3, 4])
    #expect(all.uncaptionedImages == [])
    #expect(try split(Selection(captionsPerImage: 1)).captionIndices == [0, 1, 3])
    #expect(try split(Selection(captionsPerImage: 2)).captionIndices == [0, 1, 2, 3])
    let first = try split(Selection(images: .first(2)))
    #expect(try first.images().map(\.fileName) == ["nine.jpg", "a/seven.jpg"])
    #expect(first.captionIndices == [0, 1, 2, 4])
  }

  @Test func sharedImagesAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = try write(smallFile, folder)
    let request = DatasetRequest(.coco([("train", path), ("val", path)]))
    let error = #expect(throws: InputError.self) { try request.load(threads: 1) }
    #expect(error?.description.contains("id 9 is in split 'val' and in split 'train'") == true)
    let unknown = DatasetRequest(.coco([("train", path)]), selection: Selection(bySplit: [("vla", .first(1))]))
    #expect(throws: InputError.self) { try unknown.load(threads: 1) }
  }

  @Test func uncaptionedImagesAreKnown() throws {
    let folder = try TemporaryFolder()
    let path = try write(
      #"{"images": [{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "b"}], "#
        + #""annotations": [{"id": 1, "image_id": 2, "caption": "x"}]}"#, folder)
    let split = try DatasetRequest(.coco([("train", path)])).load(threads: 1).splits[0]
    #expect(split.uncaptionedImages == [0])
  }
}
