import Files
import Processes
import TestSupport
import Testing

/// What changes while it is read ends the run, and is never called up to date afterwards.
extension BuiltStages {
  @Suite struct ChangeDuringRunTests {
    private static let rows = 1200

    /// Runs decode-images and calls `change` once the first rows are there.
    private func disturb(_ change: @escaping @Sendable (_ photographs: String, _ annotations: String) throws -> Void)
      throws
    {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let (photographs, annotations) = (folder.path + "/photos", folder.path + "/captions.json")
      #expect(
        try ChildProcess.run("/bin/cp", ["-a", fixture.scenes + "/images", photographs], capturesOutput: true).code == 0
      )
      try writeAnnotations([(5000, "late.jpg")] + repeatedScenes(Self.rows), to: annotations)
      let arguments = [
        "--split", "train=\(annotations)", "--images", photographs, "--output", folder.path + "/images.h5", "--threads",
        "1",
      ]
      // Stopped when rows are there, so that the change surely falls between two looks.
      let stopped = try StageProcess.run(
        "decode-images", arguments,
        disturbance: .during(file: folder.path + "/images.h5.journal", bytes: 400) {
          try? change(photographs, annotations)
        })
      #expect(stopped.code == 1, "\(stopped.output)\(stopped.errors)")
      #expect(stopped.errors.contains("changed while it was read"), "\(stopped.errors)")
      let again = try succeed("decode-images", arguments)
      #expect(!again.output.contains("up to date"))
      #expect(try succeed("decode-images", arguments).output.contains("up to date"))
    }

    @Test func aReplacedPhotographIsNoticed() throws {
      try disturb { photographs, _ in
        try FileSystem.replace(photographs + "/000000000001.jpg", with: contents(of: photographs + "/000000000002.jpg"))
      }
    }

    @Test func aPhotographThatComesLateIsNoticed() throws {
      try disturb { photographs, _ in
        try FileSystem.replace(photographs + "/late.jpg", with: contents(of: photographs + "/000000000002.jpg"))
      }
    }

    @Test func editedAnnotationsAreNoticed() throws {
      try disturb { _, annotations in
        try writeAnnotations(repeatedScenes(Self.rows - 1), to: annotations)
      }
    }
  }
}
