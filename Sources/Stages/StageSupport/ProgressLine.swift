/// How far a phase is, as a line of text: `decode-images: decoding [####....] 120/800 images, 410/s, 0:02 left`.
///
/// Rate and remaining time are those of the last half minute, of this run alone: what an earlier run finished took no time of this one, and
/// a slow start, or a night in which the process was stopped, says little about what follows.
package struct ProgressLine {
  private static let window = 30.0

  private let phase: String
  private let unit: String
  private let total: Int
  package private(set) var done: Int
  /// Earlier moments with what was done then, oldest first.
  private var samples: [(time: Double, done: Int)]

  package init(phase: String, total: Int, done: Int, unit: String, now: Double) {
    (self.phase, self.total, self.done, self.unit) = (phase, total, done, unit)
    samples = [(now, done)]
  }

  package mutating func advance(by count: Int, now: Double) {
    done += count
    guard let last = samples.last, now - last.time >= 1 else { return }
    samples.append((now, done))
    // The newest of those that are older than the window stays: the rate is over at least the window.
    while samples.count > 2, now - samples[1].time >= Self.window { samples.removeFirst() }
  }

  /// Units a second; nil while nothing is known of it.
  package func rate(now: Double) -> Double? {
    guard let first = samples.first, done > first.done, now > first.time else { return nil }
    return Double(done - first.done) / (now - first.time)
  }

  /// - Parameter width: the terminal's columns, for a bar that fits them; nil for a line in a file.
  package func text(name: String, width: Int?, now: Double) -> String {
    let rate = rate(now: now)
    let rateText = rate.map { $0 >= 100 ? "\(Int($0))" : "\(($0 * 10).rounded() / 10)" } ?? "-"
    let left = rate.map { Self.clock(Double(max(0, total - done)) / $0) } ?? "-:--"
    let head = "\(name): \(phase)"
    let tail = " \(done)/\(total) \(unit), \(rateText)/s, \(left) left"
    guard let width else { return head + tail }
    // The last column stays free: some terminals break the line there.
    let room = width - 1 - head.count - tail.count - 3
    let columns = min(24, room)
    let share = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
    let filled = Int(share * Double(max(0, columns)))
    let bar =
      columns < 4
      ? "" : " [" + String(repeating: "#", count: filled) + String(repeating: ".", count: columns - filled) + "]"
    return String((head + bar + tail).prefix(max(0, width - 1)))
  }

  private static func clock(_ seconds: Double) -> String {
    guard seconds < 360_000 else { return ">99 h" }
    let whole = Int(seconds.rounded())
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return whole < 3600
      ? "\(whole / 60):\(padded(whole % 60))" : "\(whole / 3600):\(padded(whole / 60 % 60)):\(padded(whole % 60))"
  }
}
