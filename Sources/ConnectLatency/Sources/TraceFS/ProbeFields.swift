/// What our events fetch, each as `name=where:type`, with offsets from the kernel's own description of its types.
struct ProbeFields {
  /// Of kprobes, whose first argument is the sock or task.
  let connectV4: [String]
  let connectV6: [String]
  let ended: [String]
  let stateSet: [String]
  let taskExit: [String]
  /// Of event probes.
  let received: [String]
  let stateChanged: [String]
  let v6OnlyBit: Int

  init?(_ types: KernelTypes) {
    /// A field of an argument; nil if the type does not have it.
    func fetch(_ name: String, _ path: String, of type: String, _ base: String, _ count: Int = 1) -> String? {
      let path = path.split(separator: ".").map(String.init)
      return types.member(path, of: type).map { member in
        let bits = count > 1 ? 64 : min(max(member.size, 1), 8) * 8
        return "\(name)=+\(member.offset)(\(base)):u\(bits)" + (count > 1 ? "[\(count)]" : "")
      }
    }
    func common(_ name: String, _ path: String, _ count: Int = 1) -> String? {
      fetch(name, "__sk_common.\(path)", of: "sock", "$arg1", count)
    }
    func pointer(_ path: String, of type: String, _ base: String) -> String? {
      types.member(path.split(separator: ".").map(String.init), of: type).map { "+\($0.offset)(\(base))" }
    }
    guard
      let v6OnlyMember = types.member(["__sk_common", "skc_ipv6only"], of: "sock"),
      let family = common("family", "skc_family"), let state = common("state", "skc_state"),
      let dport = common("dport", "skc_dport"), let saddr = common("saddr", "skc_rcv_saddr"),
      let daddr = common("daddr", "skc_daddr"),
      let sport = fetch("sport", "inet_sport", of: "inet_sock", "$arg1"),
      let error = fetch("error", "sk_err", of: "sock", "$arg1"),
      let retransmits = fetch("retransmits", "total_retrans", of: "tcp_sock", "$arg1"),
      let namespace = pointer("__sk_common.skc_net.net", of: "sock", "$arg1"),
      let netns = fetch("netns", "ns.inum", of: "net", namespace)
    else { return nil }
    // A kernel without IPv6 has neither the function nor these fields.
    let v6Addresses = [common("saddr_v6", "skc_v6_rcv_saddr", 2), common("daddr_v6", "skc_v6_daddr", 2)]
      .compactMap { $0 }
    v6OnlyBit = v6OnlyMember.bit
    let sock = "skaddr=$arg1:x64"
    let v6Only = "v6only=+\(v6OnlyMember.offset)($arg1):u8"
    let bound = [sock, sport, netns, v6Only, "comm=$comm"]
    // Both functions get the address as a struct sockaddr of the kernel's.
    connectV4 = bound + [family, saddr, "dport=+2($arg2):u16", "daddr=+4($arg2):u32"]
    connectV6 =
      bound + v6Addresses.prefix(1) + ["dport=+2($arg2):u16", "daddr_v6=+8($arg2):u64[2]"]
    ended = [sock, state, family, sport, dport, saddr, daddr, v6Only, retransmits] + v6Addresses
    stateSet = ended + ["newstate=$arg2:u32", error]
    // The same of the sock that an event names.
    func ofEvent(_ fields: [String]) -> [String] { fields.map { $0.replacing("$arg1", with: "$skaddr") } }
    received = ofEvent(ended)
    stateChanged =
      ofEvent(ended.filter { $0 != state } + [error]) + ["oldstate=$oldstate:u32", "newstate=$newstate:u32"]
    var exiting = [fetch("tgid", "tgid", of: "task_struct", "$arg1")]
    if let credentials = pointer("real_cred", of: "task_struct", "$arg1") {
      exiting.append(fetch("uid", "uid.val", of: "cred", credentials))
    }
    if let set = pointer("cgroups", of: "task_struct", "$arg1"),
      let group = pointer("dfl_cgrp", of: "css_set", set), let node = pointer("kn", of: "cgroup", group)
    {
      exiting.append(fetch("cgroup", "id", of: "kernfs_node", node))
    }
    taskExit = exiting.compactMap { $0 }
  }
}
