import Foundation

/// A truth file, read.
struct Truth {
  /// Names of all cases, in the order they were made.
  private(set) var cases: [String] = []
  private(set) var attempts: [String: [Attempt]] = [:]
  private(set) var remarks: [String: Remark] = [:]
  /// The workload's namespaces.
  private(set) var namespaces: Set<UInt64> = []

  init(contentsOf path: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    for json in data.split(separator: UInt8(ascii: "\n")) {
      switch try TruthLine(json: json) {
      case .attempt(let attempt):
        if attempts[attempt.name] == nil { cases.append(attempt.name) }
        attempts[attempt.name, default: []].append(attempt)
        namespaces.insert(attempt.netns)
      case .remark(let remark):
        remarks[remark.name] = remark
        if attempts[remark.name] == nil { cases.append(remark.name) }
      case .ground(let ground): namespaces.insert(ground.namespace)
      }
    }
  }
}
