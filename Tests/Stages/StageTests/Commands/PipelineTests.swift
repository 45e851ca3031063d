import Files
import JSON
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// `run-pipeline` with the built stages.
extension BuiltStages {
  @Suite struct PipelineTests {
    private let fixture: Fixture
    private let folder: TemporaryFolder
    private var file: String { folder.path + "/pipeline.yaml" }
    private var images: String { folder.path + "/images.h5" }

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
      try FileSystem.replace(
        folder.path + "/pipeline.yaml",
        with: """
          variables:
            photos: \(fixture.scenes)/images
            annotations: \(fixture.scenes)/captions_train.json
            weights: \(fixture.weights)
            cache: \(folder.path)
            hidden: "16"
          stages:
            - run: decode-images
              with: {split: "train=${annotations}", images: "${photos}", output: "${cache}/images.h5", threads: 1}
            - run: tokenize-captions
              with: {split: "train=${annotations}", output: "${cache}/captions.h5"}
            - run: extract-features
              with: {images-cache: "${cache}/images.h5", weights: "${weights}", output: "${cache}/features.h5"}
            - run: train-captioner
              with:
                captions: ${cache}/captions.h5
                features: ${cache}/features.h5
                hidden: ${hidden}
                word-vector: 16
                batch: 16
                epochs: 1
                output: ${cache}/captioner
          """)
    }

    private func plan(_ arguments: [String] = []) throws -> (run: StageProcess, stages: [JSONValue]) {
      let run = try StageProcess.run("run-pipeline", [file, "--dry-run", "--json"] + arguments)
      return (run, try JSONValue(parsing: run.output)["result"]?["stages"]?.array ?? [])
    }

    @Test func aPlanSaysWhatEachStageNeedsAndWhoMakesIt() throws {
      let (run, stages) = try plan()
      #expect(run.code == 0, "\(run.errors)")
      #expect(run.errors.isEmpty)
      #expect(stages.map { $0["status"]?.string } == Array(repeating: "would run", count: 4))
      #expect(stages[2]["reason"]?.string == "needs \(images), which decode-images makes")
      #expect(stages[3]["reason"]?.string?.hasPrefix("needs \(folder.path)/") == true)
      #expect(try FileSystem.list(folder.path) == ["pipeline.yaml"])

      try succeed("run-pipeline", [file, "--quiet"])
      #expect(try plan().stages.map { $0["status"]?.string } == Array(repeating: "up to date", count: 4))
      // What reads a file that is made anew is not up to date either, and its reason says so.
      let first = folder.path + "/first.json"
      try writeAnnotations(repeatedScenes(20), to: first)
      let again = try plan(["--set", "annotations=\(first)"]).stages
      #expect(again.map { $0["status"]?.string } == Array(repeating: "would run", count: 4))
      #expect(again[2]["reason"]?.string == "reads \(images), which decode-images makes anew")
    }

    @Test func aPlanNamesWhatIsReallyWrong() throws {
      let missing = try plan(["--set", "photos=/nowhere"])
      #expect(missing.run.code == 1)
      #expect(missing.run.errorLines.count == 1 && missing.run.errors.hasPrefix("decode-images: /nowhere: "))
      #expect(missing.stages.last?["exit_code"]?.integer == 1)
      let text = try StageProcess.run("run-pipeline", [file, "--dry-run", "--set", "photos=/nowhere"])
      #expect(text.code == 1)
      #expect(text.output.contains("  failed: /nowhere: ") && !text.output.contains("earlier stage"))

      let usage = try plan(["--set", "hidden=abc"])
      #expect(usage.run.code == 64)
      #expect(usage.run.errors.contains("'abc' is invalid for '--hidden <hidden>'"))
      #expect(usage.stages.map { $0["exit_code"]?.integer } == [0, 0, 0, 64])
    }

    @Test(arguments: [["epochs"], ["=3"], ["fotos=x"], ["hidden=3", "--set", "hidden=4"]])
    func wrongSettingsAreWrongUsage(setting: [String]) throws {
      let run = try StageProcess.run("run-pipeline", [file, "--set"] + setting)
      #expect(run.code == 64)
      #expect(run.output.isEmpty)
      #expect(run.errors.contains("Usage: run-pipeline"))
    }

    @Test func quietIsQuiet() throws {
      for expected in ["made", "up to date"] {
        let run = try succeed("run-pipeline", [file, "--quiet", "--json"])
        #expect(run.errors.isEmpty, "\(run.errors)")
        let report = try JSONValue(parsing: run.output)
        #expect(report["stage"]?.string == "run-pipeline")
        #expect(report["status"]?.string == expected)
        #expect(
          report["result"]?["stages"]?.array?.map { $0["status"]?.string } == Array(repeating: expected, count: 4))
        #expect(report["outputs"]?.array?.contains(.string(images)) == true)
      }
    }

    @Test func aStagesExitCodeIsThePipelines() throws {
      let run = try StageProcess.run("run-pipeline", [file, "--set", "hidden=abc"])
      #expect(run.code == 64)
      #expect(run.errors.contains("run-pipeline: train-captioner ended with exit code 64"))
      let failed = try StageProcess.run("run-pipeline", [file, "--set", "weights=/nowhere", "--json"])
      #expect(failed.code == 1)
      #expect(failed.errors.contains("these did not run: train-captioner"))
      let report = try JSONValue(parsing: failed.output)
      #expect(report["status"]?.string == "failed")
      #expect(report["error"]?["file"]?.string == "/nowhere")
    }

    /// Where SIGCHLD is ignored the kernel forgets how children ended: no stage's failure may be lost with it.
    @Test func aStagesExitCodeIsThePipelinesWhereChildrenAreIgnored() throws {
      try FileSystem.replace(
        file,
        with: "stages:\n  - run: decode-images\n    with: {split: train=none.json, images: none, output: \(images)}\n")
      let pipeline = ChildProcess.ownFolder + "/run-pipeline"
      let run = try StageProcess.run("/usr/bin/perl", ["-e", "$SIG{CHLD} = 'IGNORE'; exec @ARGV", pipeline, file])
      #expect(run.code == 1, "\(run.errors)")
    }

    private func manyPhotographs() throws -> [String] {
      try writeAnnotations(repeatedScenes(1500), to: folder.path + "/many.json")
      return ["--set", "annotations=\(folder.path)/many.json"]
    }

    /// It is handed to the stage, which keeps its work; nobody is left behind who holds the lock.
    @Test(arguments: [SIGHUP, SIGINT, SIGTERM], [false, true])
    func aSignalReachesTheStage(signal: Int32, asJSON: Bool) throws {
      let arguments = [file] + (try manyPhotographs()) + (asJSON ? ["--json"] : [])
      let run = try StageProcess.run(
        "run-pipeline", arguments,
        disturbance: .signalOnce(file: images + ".partial", bytes: 1, signal: signal))
      #expect(run.code == 128 + signal)
      #expect(run.errors.contains("decode-images: stopped; the same command goes on from here"))
      #expect(!FileSystem.isFile(images) && FileSystem.isFile(images + ".partial"))
      if asJSON { #expect(try JSONValue(parsing: run.output)["status"]?.string == "interrupted") }
    }

    @Test func aKilledPipelineEndsItsStage() throws {
      let arguments = [file] + (try manyPhotographs())
      let run = try StageProcess.run(
        "run-pipeline", arguments,
        disturbance: .signalOnce(file: images + ".partial", bytes: 1, signal: SIGKILL))
      #expect(run.code == 128 + SIGKILL)
      // The stage stops within its unit and lets go of the file.
      for _ in 0..<200 {
        if (try? OutputFile(path: images, keepsContent: true)) != nil { break }
        usleep(10_000)
      }
      #expect(!FileSystem.isFile(images))
      _ = try OutputFile(path: images, keepsContent: true)
    }

    /// Before a stage is there, and before it has installed its handlers.
    @Test func aSignalAtAnyMomentEnds() throws {
      let arguments = [file] + (try manyPhotographs())
      for milliseconds in [0.0, 2, 4, 6, 7, 8, 9, 10, 11, 12, 15, 20, 40] {
        let run = try StageProcess.run(
          "run-pipeline", arguments, disturbance: .signalAfter(milliseconds / 1000, signal: SIGTERM))
        #expect(run.code == 128 + SIGTERM)
      }
    }

    /// Ctrl-Z stops both, and going on is for both.
    @Test func aStoppedPipelineStopsItsStage() throws {
      let script = """
        "$0" "$@" & pipeline=$!
        states() { for process in $pipeline $stage; do sed 's/.*) //; s/ .*//' /proc/$process/stat; done | tr -d '\\n'; }
        until [ -s \(images).partial ]; do sleep 0.01; done
        stage=$(cat /proc/$pipeline/task/$pipeline/children)
        kill -TSTP $pipeline
        for _ in {1..300}; do [ "$(states)" = TT ] && break; sleep 0.01; done
        echo $(states)
        kill -CONT $pipeline
        for _ in {1..300}; do [[ "$(states)" != *T* ]] && break; sleep 0.01; done
        echo $(states | tr 'RD' 'SS')
        kill -INT $pipeline; wait $pipeline; echo $?
        """
      let run = try StageProcess.run(
        "/bin/bash", ["-mc", script, ChildProcess.ownFolder + "/run-pipeline", file] + (try manyPhotographs()))
      #expect(run.output == "TT\nSS\n130\n", "\(run.errors)")
    }

    @Test func aKilledStageIsReported() throws {
      let script = """
        "$0" "$@" & pipeline=$!
        while ! [ -s \(images).partial ]; do sleep 0.01; done
        kill -9 $(cat /proc/$pipeline/task/$pipeline/children); wait $pipeline
        """
      let run = try StageProcess.run(
        "/bin/sh", ["-c", script, ChildProcess.ownFolder + "/run-pipeline", file] + (try manyPhotographs()))
      #expect(run.code == 128 + SIGKILL)
      #expect(run.errors.contains("run-pipeline: decode-images was killed by signal 9; "), "\(run.errors)")
    }

    /// Every file that is shipped can be planned, and two settings of a sweep have two outputs.
    @Test(arguments: ["demo", "seed-rnn-512", "seed-rnn-1024", "coco2017"])
    func shippedPipelinesCanBePlanned(name: String) throws {
      let shipped = "\(SharedData.repository)/pipelines/\(name).yaml"
      var settings = ["cache=\(folder.path)/cache", "weights=\(fixture.weights)"]
      switch name {
      case "demo": settings += ["train=10", "validation=2"]
      case "coco2017":
        let annotations = folder.path + "/annotations"
        try FileSystem.makeFolder(annotations)
        for (split, from) in [("train", "train"), ("val", "val")] {
          try FileSystem.replace(
            "\(annotations)/captions_\(split)2017.json",
            with: try FileSystem.readText("\(fixture.scenes)/captions_\(from).json"))
          // A zip without entries is its end record alone.
          try FileSystem.replace(
            "\(folder.path)/\(split)2017.zip", with: [0x50, 0x4B, 5, 6] + Array(repeating: 0, count: 18))
        }
        settings.append("coco=\(folder.path)")
      default:
        settings += [
          "photos=\(fixture.scenes)/images", "train=\(fixture.scenes)/captions_train.json",
          "val=\(fixture.scenes)/captions_val.json",
        ]
      }
      var outputs: Set<String> = []
      for sweep in [[], ["hidden=64"], ["batch=50"], ["learning_rate=0.01"], ["seed=2"]] {
        let run = try StageProcess.run(
          "run-pipeline", [shipped, "--dry-run", "--json"] + (settings + sweep).flatMap { ["--set", $0] })
        #expect(run.code == 0, "\(run.errors)")
        let stages = try JSONValue(parsing: run.output)["result"]?["stages"]?.array ?? []
        #expect(stages.allSatisfy { $0["status"]?.string == "would run" })
        let train = stages.first { $0["stage"]?.string == "train-captioner" }
        let output = train?["arguments"]?.array?.compactMap(\.string).first { $0.hasPrefix("--output=") }
        outputs.insert(output ?? "none")
      }
      #expect(outputs.count == 5)
      if name == "demo" {
        let script = try FileSystem.readText("\(SharedData.repository)/pipelines/demo.sh")
        #expect(script.contains("captioner=cache/demo/rnn-h256-b100-lr0.001-s1\n"))
        #expect(outputs.contains("--output=\(folder.path)/cache/rnn-h256-b100-lr0.001-s1"))
      }
    }
  }
}
