import Foundation
import Testing

/// What another reader of the same events sees: `perf`, of Debian's package linux-perf.
@Suite("Beside perf", .serialized)
struct PerfWitnessTests {
  @Test("the tracefs probe reads the same addresses, ports, threads and times from the kernel's events")
  func sameConnects() throws {
    let perf = "/usr/bin/perf"
    try #require(access(perf, X_OK) == 0, "no \(perf): apt-get install linux-perf")
    let data = URL.temporaryDirectory.appending(path: "tcpconnlat-\(UUID()).perf")
    defer { try? FileManager.default.removeItem(at: data) }
    let trace = try LiveTrace.start("--json", "--probe", "tracefs", "--mount-tracefs")
    // perf starts the program when it records, and ends with it.
    let recording = try RunningTool(
      program: perf,
      [
        "record", "-q", "-a", "-k", "CLOCK_MONOTONIC", "-e", "sock:inet_sock_set_state", "-o", data.path(),
        "/bin/bash", "-c", "echo $$; exec \"$0\" load --connects 20 --warmup 0 --seconds 30",
        WorkloadTests.workload,
      ]
    ).finish(within: 60)
    try #require(recording.status == 0, "perf does not record here: \(recording.errors)")
    let pid = try #require(recording.rows.first.flatMap { Int($0) })
    let rows = try trace.interrupt().objects.filter { $0["pid"] as? Int == pid }
    let seen = try WitnessedConnect.all(in: data.path(), by: pid, perf)

    try #require(seen.count == 20 && rows.count == 20)
    for (row, connect) in zip(rows, seen) {
      #expect(row["tid"] as? Int == connect.tid)
      #expect(row["saddr"] as? String == connect.saddr)
      #expect(row["daddr"] as? String == connect.daddr)
      #expect(row["sport"] as? Int == connect.sport)
      #expect(row["dport"] as? Int == connect.dport)
      // Ours counts from the entry of the call.
      #expect(try #require(row["latency_ms"] as? Double) >= (connect.end - connect.start) * 1000 - 0.02)
    }
    // Both clocks are the monotonic one, so from row to row they go equally far.
    let ends = try rows.map { try WitnessedConnect.seconds($0["time"]) }
    for index in 1..<20 {
      let distances = (ends[index] - ends[index - 1], seen[index].end - seen[index - 1].end)
      #expect(abs(distances.0 - distances.1) < 0.0005)
    }
  }
}

/// What perf has seen of an established connect.
private struct WitnessedConnect {
  let tid: Int
  let saddr: String
  let sport: Int
  let daddr: String
  let dport: Int
  /// Seconds on the monotonic clock.
  let start: Double
  let end: Double

  /// Those of one thread, which connects one after the other.
  static func all(in file: String, by thread: Int, _ perf: String) throws -> [WitnessedConnect] {
    let script = try RunningTool(
      program: perf, ["script", "--ns", "-F", "tid,time,event,trace", "-i", file]
    ).finish(within: 30)
    try #require(script.status == 0, "perf cannot read what it wrote: \(script.errors)")
    var began: (port: String?, time: Double)?
    var connects: [WitnessedConnect] = []
    for line in script.rows where line.contains("inet_sock_set_state:") {
      let words = line.split(separator: " ")
      let fields = Dictionary(
        words.compactMap { word in
          word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) }
        }, uniquingKeysWith: { $1 })
      let time = Double(words[1].dropLast()) ?? 0
      if fields["newstate"] == "TCP_SYN_SENT" {
        if words[0] == "\(thread)" { began = (fields["dport"], time) }
      } else if fields["oldstate"] == "TCP_SYN_SENT", let begin = began, fields["dport"] == begin.port {
        connects.append(
          WitnessedConnect(
            tid: thread, saddr: fields["saddr"] ?? "", sport: Int(fields["sport"] ?? "") ?? 0,
            daddr: fields["daddr"] ?? "", dport: Int(fields["dport"] ?? "") ?? 0, start: begin.time, end: time
          ))
        began = nil
      }
    }
    return connects
  }

  /// The seconds of a row's time within its day; a test takes less than one.
  static func seconds(_ time: Any?) throws -> Double {
    let text = try #require(time as? String)
    let parts = text.dropLast().split(separator: "T")[1].split(separator: ":").compactMap { Double($0) }
    return (parts[0] * 60 + parts[1]) * 60 + parts[2]
  }
}
