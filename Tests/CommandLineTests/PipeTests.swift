import Foundation
import Testing

@Suite("In a pipe")
struct PipeTests {
  @Test("head ends the tool quietly")
  func head() throws {
    let tool = try Tool.shell("$T replay --sample | head -3; exit ${PIPESTATUS[0]}")
    #expect(tool.status == 0)
    #expect(tool.rows.count == 3)
    #expect(tool.errors.isEmpty)
  }

  @Test("A full disk is told, with exit code 74")
  func fullDisk() throws {
    let tool = try Tool.shell("$T replay --sample > /dev/full")
    #expect(tool.status == 74)
    #expect(tool.errorLines == ["tcpconnlat: cannot write to standard output: No space left on device"])
  }

  @Test("A slow reader gets every row")
  func slowReader() throws {
    let direct = try Tool.run("replay", "--sample", "--json")
    let slow = try Tool.shell(
      "$T replay --sample --json | { sleep 0.5; while IFS= read -r row; do printf '%s\\n' \"$row\"; done; }")
    #expect(slow.output == direct.output)
  }

  @Test("jq takes every line")
  func jq() throws {
    let tool = try Tool.shell(
      "$T replay --sample --json --cgroup | jq -e -c 'select(.daddr and .latency_ms >= 0)'")
    let direct = try Tool.run("replay", "--sample", "--json")
    #expect(tool.status == 0)
    #expect(tool.rows.count == direct.rows.count)
  }

  @Test("A live trace whose reader goes ends although nobody connects")
  func readerGoes() throws {
    try #require(getuid() == 0, "tests that trace need root: run tools/test with sudo")
    let tool = try Tool.shell("timeout 20 $T --netns 4026532999 | sleep 1; exit ${PIPESTATUS[0]}")
    #expect(tool.status == 0)
  }
}
