import Foundation

/// A row of the tool: a line of its JSON.
struct Row: Decodable {
  var pid: Int32?
  var tid: Int32?
  var uid: UInt32?
  var comm: String?
  var ip: Int?
  var saddr: String?
  var sport: UInt16?
  var daddr: String?
  var dport: UInt16?
  var latency: Double?
  var outcome: String?
  var errno: String?
  var retransmits: Int?
  var netns: UInt64?

  enum CodingKeys: String, CodingKey {
    case pid, tid, uid, comm, ip, saddr, sport, daddr, dport
    case latency = "latency_ms"
    case outcome, errno, retransmits, netns
  }

  /// Reads a file of rows; a line that is none is an error that shows it.
  static func read(_ path: String) throws -> [Row] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let decoder = JSONDecoder()
    return try data.split(separator: UInt8(ascii: "\n")).map { json in
      do {
        return try decoder.decode(Row.self, from: json)
      } catch {
        throw WorkloadError.surprise("no row: \(String(decoding: json, as: UTF8.self)): \(error)")
      }
    }
  }

  /// In a few words.
  var summary: String {
    let from = "\(saddr ?? "?"):\(sport.map(String.init) ?? "?")"
    let to = "\(daddr ?? "?"):\(dport.map(String.init) ?? "?")"
    let how = [outcome, errno].compactMap { $0 }.joined(separator: " ")
    return "\((comm ?? "?").debugDescription)[\(pid.map(String.init) ?? "?")] \(from) > \(to) \(how)"
  }
}
