import Kernels
import Testing

@Suite struct PartitionTests {
  @Test func partsCoverEverythingOnce() {
    for (count, parts) in [(10, 3), (3, 10), (0, 4), (864, 64)] {
      let partition = Partition(of: count, parts: parts)
      #expect(partition.count == parts)
      #expect((0..<parts).flatMap { Array(partition[$0]) } == Array(0..<count))
    }
    let sized = Partition(of: 10, size: 4)
    #expect((0..<sized.count).map { sized[$0] } == [0..<4, 4..<8, 8..<10])
    #expect(Partition(of: 0, size: 4).count == 0)
  }

  @Test(arguments: [1, 3]) func eachTaskWritesItsOwnWindow(threads: Int) {
    let matrix = Matrix(rows: 6, columns: 5)
    matrix.partitioned(rows: Partition(of: 6, parts: 4)).forEach(threads: threads) { window, index in
      window.fill(Float(index + 1))
    }
    #expect((0..<6).map { matrix.values[$0 * 5] } == [1, 2, 2, 3, 4, 4])
    matrix.partitioned(columns: Partition(bounds: [1, 2, 5])).forEach(threads: threads) { window, index in
      window.fill(Float(10 * (index + 1)))
    }
    #expect(matrix.rows(0..<1).values == [1, 10, 20, 20, 20])
  }

  @Test func severalMatricesGoTogether() {
    let (one, other) = (Matrix(rows: 4, columns: 2), Matrix(rows: 2, columns: 3))
    let parts = together(
      one.partitioned(rows: Partition(of: 4, parts: 2)), other.partitioned(rows: Partition(of: 2, parts: 2)))
    parts.forEach(threads: 2) { windows, index in
      let (first, second) = windows
      first.fill(Float(index + 1))
      second.fill(Float(index + 3))
    }
    #expect(one.values == [1, 1, 1, 1, 2, 2, 2, 2])
    #expect(other.values == [3, 3, 3, 4, 4, 4])
  }

  @Test(arguments: [1, 4]) func tasksOfSeveralKindsAllRun(threads: Int) {
    let (one, other) = (Matrix(rows: 4, columns: 2), Matrix(rows: 2, columns: 3))
    var tasks = ParallelTasks()
    tasks.add(one.partitioned(rows: Partition(of: 4, parts: 3))) { window, _ in window.fill(1) }
    tasks.add(writing: [other]) { other.fill(2) }
    tasks.run(threads: threads)
    #expect(one.values.allSatisfy { $0 == 1 } && other.values.allSatisfy { $0 == 2 })
  }

  // What follows must end the process: two tasks would write the same numbers.

  @Test func overlappingPartsEndTheProcess() async {
    await #expect(processExitsWith: .failure) { _ = Partition(bounds: [0, 3, 2]) }
  }

  @Test func partsBeyondTheMatrixEndTheProcess() async {
    await #expect(processExitsWith: .failure) {
      _ = Matrix(rows: 3, columns: 1).partitioned(rows: Partition(of: 4, parts: 2))
    }
  }

  @Test func oneMatrixTwiceEndsTheProcess() async {
    await #expect(processExitsWith: .failure) {
      let matrix = Matrix(rows: 4, columns: 4)
      let parts = Partition(of: 4, parts: 2)
      _ = together(matrix.partitioned(rows: parts), matrix.partitioned(columns: parts))
    }
  }

  @Test func tasksThatWriteTheSameEndTheProcess() async {
    await #expect(processExitsWith: .failure) {
      let matrix = Matrix(rows: 4, columns: 4)
      var tasks = ParallelTasks()
      tasks.add(matrix.partitioned(rows: Partition(of: 4, parts: 2))) { _, _ in }
      tasks.add(writing: [matrix.rows(3..<4)]) {}
      tasks.run(threads: 1)
    }
  }
}
