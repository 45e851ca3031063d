import Diagnostics
import Dispatch
import Synchronization
import Testing
import Workers

@Suite struct WorkersTests {
  @Test(arguments: [1, 2, 7, 64]) func everyIndexOnceWithAWorkerOfItsOwn(threads: Int) throws {
    let counts = Mutex([Int](repeating: 0, count: 40))
    let busy = Mutex<Set<Int>>([])
    try forEachIndex(40, threads: threads) { index, worker in
      #expect(
        0..<threads ~= worker && busy.withLock { $0.insert(worker).inserted }, "no two at once are worker \(worker)")
      counts.withLock { $0[index] += 1 }
      _ = busy.withLock { $0.remove(worker) }
    }
    #expect(counts.withLock { $0.allSatisfy { $0 == 1 } })
    try forEachIndex(0, threads: threads) { _, _ in Issue.record("there is nothing to do") }
  }

  /// Whatever order threads end in, the error told is the one that a single thread would have met.
  @Test(.timeLimit(.minutes(1))) func theLowestErrorIsTold() {
    let isFirstDone = DispatchSemaphore(value: 0)
    let isSecondThere = DispatchSemaphore(value: 0)
    for lateOne in [0, 1] {
      #expect(throws: InputError("index 0 is bad")) {
        try forEachIndex(2, threads: 2) { index, _ in
          // Both are at work before either fails; then `lateOne` waits until the other's error is kept.
          if index == 0 { isFirstDone.signal() } else { isSecondThere.signal() }
          if index == 0 { isSecondThere.wait() } else { isFirstDone.wait() }
          if index == lateOne { DispatchQueue.global().sync { for _ in 0..<50 { pause() } } }
          throw InputError("index \(index) is bad")
        }
      }
    }
  }

  private func pause() { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(1)) }

  @Test func nothingBeginsAfterAnError() {
    let begun = Atomic(0)
    #expect(throws: InputError.self) {
      try forEachIndex(1000, threads: 1) { index, _ in
        begun.add(1, ordering: .relaxed)
        if index == 3 { throw InputError("bad") }
      }
    }
    #expect(begun.load(ordering: .relaxed) == 4)
  }

  /// Threads come in falling order and pass in rising order.
  @Test(.timeLimit(.minutes(1))) func aTurnstileOrdersItsCallers() {
    let turnstile = Turnstile(first: 2)
    let passed = Mutex<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 2) { index in
      for number in index == 0 ? [3, 5] : [2, 4] {
        _ = turnstile.pass(number) { passed.withLock { $0.append(number) } }
      }
    }
    #expect(passed.withLock { $0 } == [2, 3, 4, 5])
    turnstile.close()
    #expect(turnstile.pass(6) { true } == nil)
  }
}
