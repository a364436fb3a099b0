import Foundation

/// What is said of a case as a whole.
struct Remark: Codable, Sendable {
  var name: String
  /// This kernel or machine cannot do it: the exact reason.
  var unsupported: String?
  /// The workload itself went wrong: no attempt of this case can be judged.
  var error: String?
  /// The case ran to its end. Only between a scene and the program that started it.
  var done: Bool?

  enum CodingKeys: String, CodingKey {
    case name = "case"
    case unsupported, error, done
  }
}

/// A network namespace of the workload: whatever happens in it, the truth tells.
struct Ground: Codable, Sendable {
  var namespace: UInt64
}

/// A line of the truth file.
enum TruthLine: Sendable {
  case attempt(Attempt)
  case remark(Remark)
  case ground(Ground)

  init(json: Data) throws {
    let decoder = JSONDecoder()
    if let attempt = try? decoder.decode(Attempt.self, from: json) {
      self = .attempt(attempt)
    } else if let ground = try? decoder.decode(Ground.self, from: json) {
      self = .ground(ground)
    } else {
      self = .remark(try decoder.decode(Remark.self, from: json))
    }
  }

  /// The line, newline included.
  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data =
      switch self {
      case .attempt(let attempt): try encoder.encode(attempt)
      case .remark(let remark): try encoder.encode(remark)
      case .ground(let ground): try encoder.encode(ground)
      }
    data.append(UInt8(ascii: "\n"))
    return data
  }
}
