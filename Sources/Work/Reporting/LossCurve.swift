/// The losses of a training run as a picture: an SVG that any browser opens.
package struct LossCurve: Sendable {
  package struct Series: Sendable {
    package var name: String
    /// One value for each epoch, from epoch 1 on.
    package var values: [Double]
    package init(_ name: String, _ values: [Double]) {
      self.name = name
      self.values = values
    }
  }

  package var title: String
  package var series: [Series]

  package init(title: String, series: [Series]) {
    self.title = title
    self.series = series.map { Series($0.name, $0.values) }
  }

  /// The curve of a training run, a value for each epoch; the validation's only where there is one.
  package init(title: String, training: [Double], validation: [Double]) {
    self.init(
      title: title,
      series: [Series("training", training)] + (validation.isEmpty ? [] : [Series("validation", validation)]))
  }

  private static let width = 820.0
  private static let height = 460.0
  private static let plot = (left: 70.0, top: 50.0, right: 790.0, bottom: 400.0)
  private static let colors = ["#1f6fb4", "#d9541e", "#3a923a", "#8c54a8"]

  /// The whole SVG document. Equal losses give equal text.
  package var svg: String {
    let epochs = max(1, series.map(\.values.count).max() ?? 1)
    let values = series.flatMap(\.values).filter(\.isFinite)
    let ticks = Self.ticks(0, values.max() ?? 1, about: 6)
    let top = ticks.last ?? 1
    let plot = Self.plot
    func x(_ epoch: Int) -> Double {
      epochs == 1 ? plot.left : plot.left + (plot.right - plot.left) * Double(epoch - 1) / Double(epochs - 1)
    }
    func y(_ value: Double) -> Double { plot.bottom - (plot.bottom - plot.top) * value / top }

    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" font-family=\"sans-serif\" font-size=\"13\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      "<text x=\"\(plot.left)\" y=\"28\" font-size=\"17\">\(Self.escaped(title))</text>",
    ]
    for tick in ticks {
      lines.append(
        "<line x1=\"\(plot.left)\" x2=\"\(plot.right)\" y1=\"\(Self.number(y(tick)))\" y2=\"\(Self.number(y(tick)))\" stroke=\"#ddd\"/>"
      )
      lines.append(
        "<text x=\"\(plot.left - 8)\" y=\"\(Self.number(y(tick) + 4))\" text-anchor=\"end\">\(Self.number(tick))</text>"
      )
    }
    for tick in Self.ticks(1, Double(epochs), about: 10) where tick >= 1 && tick <= Double(epochs) {
      lines.append(
        "<text x=\"\(Self.number(x(Int(tick))))\" y=\"\(plot.bottom + 20)\" text-anchor=\"middle\">\(Int(tick))</text>")
    }
    lines.append(
      "<text x=\"\((plot.left + plot.right) / 2)\" y=\"\(plot.bottom + 44)\" text-anchor=\"middle\">epoch</text>")
    lines.append(
      "<text transform=\"translate(20 \((plot.top + plot.bottom) / 2)) rotate(-90)\" text-anchor=\"middle\">loss per caption</text>"
    )
    lines.append(
      "<path d=\"M\(plot.left) \(plot.top)V\(plot.bottom)H\(plot.right)\" fill=\"none\" stroke=\"#333\"/>")
    for (index, series) in series.enumerated() {
      let color = Self.colors[index % Self.colors.count]
      let points = series.values.enumerated().filter { $0.element.isFinite }
        .map { "\(Self.number(x($0.offset + 1))),\(Self.number(y($0.element)))" }
      lines.append(
        "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\"/>")
      if points.count == 1, let value = series.values.first {
        lines.append("<circle cx=\"\(Self.number(x(1)))\" cy=\"\(Self.number(y(value)))\" r=\"3\" fill=\"\(color)\"/>")
      }
      let legend = plot.top + 8 + Double(index) * 20
      lines.append(
        "<line x1=\"620\" x2=\"650\" y1=\"\(legend)\" y2=\"\(legend)\" stroke=\"\(color)\" stroke-width=\"2\"/>")
      let last = series.values.last.map { " \(Self.number($0))" } ?? ""
      lines.append("<text x=\"658\" y=\"\(legend + 4)\">\(Self.escaped(series.name))\(last)</text>")
    }
    return lines.joined(separator: "\n") + "\n</svg>\n"
  }

  /// Round numbers that cover `low ... high`.
  static func ticks(_ low: Double, _ high: Double, about count: Int) -> [Double] {
    let span = max(high - low, 1e-9)
    var step = 1.0
    while step * Double(count) < span { step *= 10 }
    while step * Double(count) / 10 >= span { step /= 10 }
    for factor in [0.1, 0.2, 0.5] where step * factor * Double(count) >= span {
      step *= factor
      break
    }
    var ticks: [Double] = []
    var index = (low / step).rounded(.down)
    while (index - 1) * step < high {
      ticks.append(index * step)
      index += 1
    }
    return ticks
  }

  /// At most four digits behind the point.
  private static func number(_ value: Double) -> String {
    let rounded = (value * 10_000).rounded() / 10_000
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }

  private static func escaped(_ text: String) -> String {
    text.map { $0 == "<" ? "&lt;" : $0 == "&" ? "&amp;" : String($0) }.joined()
  }
}
