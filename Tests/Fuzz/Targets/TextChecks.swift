import Foundation

/// Ends the process unless `text` may go to a terminal: UTF-8 without any control but the newline that ends a row,
/// and without any character that changes how its neighbours are shown.
func checkPrintable(_ bytes: [UInt8], newlines: Bool = false) {
  guard let text = String(validating: bytes, as: UTF8.self) else { fatalError("no UTF-8: \(bytes)") }
  for scalar in text.unicodeScalars where scalar.value < 0x20 || scalar.value > 0x7e {
    switch scalar.properties.generalCategory {
    case .control where scalar == "\n" && newlines: break
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
      fatalError("U+\(String(scalar.value, radix: 16)) reaches the terminal: \(text.debugDescription)")
    default: break
    }
  }
}

/// Ends the process unless each line is one JSON object that may go to a terminal too.
func checkJSON(_ lines: [UInt8]) {
  guard !lines.isEmpty else { return }
  guard let text = String(validating: lines, as: UTF8.self) else { fatalError("no UTF-8: \(lines)") }
  for scalar in text.unicodeScalars where scalar.value < 0x20 || scalar.value > 0x7e {
    switch scalar.properties.generalCategory {
    case .control where scalar == "\n": break
    case .control, .format, .lineSeparator, .paragraphSeparator:
      fatalError("U+\(String(scalar.value, radix: 16)) reaches the terminal: \(text.debugDescription)")
    default: break
    }
  }
  let rows = lines.split(separator: UInt8(ascii: "\n"))
  let array = [UInt8(ascii: "[")] + rows.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
  guard let objects = try? JSONSerialization.jsonObject(with: Data(array)) as? [[String: Any]],
    objects.count == rows.count
  else { fatalError("no JSON: \(text.debugDescription)") }
}
