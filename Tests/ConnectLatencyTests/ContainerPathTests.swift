import Testing

@testable import ConnectLatency

@Suite("What the path of a cgroup tells")
struct ContainerPathTests {
  /// One path as a real machine has it.
  struct Sample: Sendable, CustomTestStringConvertible {
    let path: String
    let runtime: Container.Runtime?
    let id: String?
    var podUID: String?
    var unit: String?

    var testDescription: String { path }
  }

  static let id = String(repeating: "0123456789abcdef", count: 4)
  static let inner = String(repeating: "fedcba9876543210", count: 4)
  static let uid = "03f3f104-3215-44f2-9686-d4dd1f05a7ed"
  static let slice = "pod03f3f104_3215_44f2_9686_d4dd1f05a7ed.slice"
  static let hash = "187bff14cccb94f179e943eacce55bb3"

  /// Docker and podman. Sources: docs.docker.com "Runtime metrics" (both drivers); docs.docker.com "Rootless mode";
  /// podman's libpod/container_internal_linux.go and podman-run(1) `--cgroups=split`; podman issues 507, 1552, 6400
  /// and 7004; moby issue 53531 (systemd below the root); what podman 4.3 made in a guest.
  static let engines: [Sample] = [
    Sample(path: "/docker/\(id)", runtime: .docker, id: id),
    Sample(
      path: "/system.slice/docker-\(id).scope", runtime: .docker, id: id, unit: "docker-\(id).scope"),
    Sample(
      path: "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-\(id).scope", runtime: .docker,
      id: id, unit: "docker-\(id).scope"),
    Sample(
      path: "/wsl-user/distro-1/systemd/system.slice/docker-\(id).scope", runtime: .docker, id: id,
      unit: "docker-\(id).scope"),
    Sample(path: "/actions_job/\(id)", runtime: .docker, id: id),  // GitHub's runners, actions/runner
    Sample(path: "/ecs/3f8b2d1c/\(id)", runtime: nil, id: id),  // Amazon ECS, "task metadata"
    Sample(path: "/libpod_parent/libpod-\(id)", runtime: .podman, id: id),
    Sample(
      path: "/machine.slice/libpod-\(id).scope/container", runtime: .podman, id: id,
      unit: "libpod-\(id).scope"),
    Sample(
      path: "/machine.slice/machine-libpod_pod_\(inner).slice/libpod-\(id).scope", runtime: .podman, id: id,
      unit: "libpod-\(id).scope"),
    Sample(
      path: "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope/container",
      runtime: .podman, id: id, unit: "libpod-\(id).scope"),
    Sample(
      path: "/system.slice/web.service/libpod-payload-\(id)", runtime: .podman, id: id, unit: "web.service"),
    Sample(
      path: "/machine.slice/libpod-conmon-\(id).scope", runtime: nil, id: nil,
      unit: "libpod-conmon-\(id).scope"),
  ]

  /// Kubernetes. Sources: netdata issue 4868 and pharos-cluster issue 440 (systemd driver), cri-o issues 811 and 842
  /// (all four pairs of drivers), cri-o pull request 812 (`crio-` with cgroupfs), minikube issue 11280 (CRI-O in
  /// Docker), kubernetes issue 106514 (containerd with the wrong driver), microshift pull request 697 (conmon),
  /// kind issue 3947 (`kubelet-` in front), usernetes pull request 200 (rootless), runc's docs/systemd.md (rootless
  /// scopes of the user's manager, nerdctl pull request 5182).
  static let pods: [Sample] = [
    Sample(path: "/kubepods/burstable/pod\(uid)/\(id)", runtime: nil, id: id, podUID: uid),
    Sample(path: "/kubepods/besteffort/pod\(uid)/\(id)", runtime: nil, id: id, podUID: uid),
    Sample(path: "/kubepods/pod\(uid)/\(id)", runtime: nil, id: id, podUID: uid),
    Sample(path: "/kubepods/burstable/pod\(hash)/\(id)", runtime: nil, id: id, podUID: hash),
    Sample(path: "/kubepods/burstable/pod\(uid)/crio-\(id)", runtime: .criO, id: id, podUID: uid),
    Sample(path: "/kubepods/burstable/pod\(uid)/crio-conmon-\(id)", runtime: nil, id: nil),
    Sample(
      path: "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-\(slice)/cri-containerd-\(id).scope",
      runtime: .containerd, id: id, podUID: uid, unit: "cri-containerd-\(id).scope"),
    Sample(
      path: "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-\(slice)/docker-\(id).scope",
      runtime: .docker, id: id, podUID: uid, unit: "docker-\(id).scope"),
    Sample(
      path: "/kubepods.slice/kubepods-\(slice)/crio-\(id).scope", runtime: .criO, id: id, podUID: uid,
      unit: "crio-\(id).scope"),
    Sample(
      path:
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(hash).slice/cri-containerd-\(id).scope",
      runtime: .containerd, id: id, podUID: hash, unit: "cri-containerd-\(id).scope"),
    Sample(
      path: "/kubepods.slice/kubepods-\(slice)/crio-\(id).scope/container", runtime: .criO, id: id,
      podUID: uid,
      unit: "crio-\(id).scope"),
    Sample(
      path: "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-\(slice)", runtime: nil, id: nil,
      podUID: uid, unit: "kubepods-burstable-\(slice)"),
    Sample(
      path: "/system.slice/containerd.service/kubepods-burstable-\(slice):cri-containerd:\(id)",
      runtime: .containerd, id: id, podUID: uid, unit: "containerd.service"),
    Sample(
      path:
        "/docker/\(inner)/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-\(slice)/crio-\(id).scope",
      runtime: .criO, id: id, podUID: uid, unit: "crio-\(id).scope"),
    Sample(
      path: "/system.slice/docker-\(inner).scope/kubelet.slice/kubelet-kubepods.slice/"
        + "kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-\(slice)/cri-containerd-\(id).scope",
      runtime: .containerd, id: id, podUID: uid, unit: "cri-containerd-\(id).scope"),
    Sample(
      path: "/docker/\(inner)/kubelet/kubepods/besteffort/pod\(uid)/\(id)", runtime: nil, id: id, podUID: uid),
    // Docker in a pod: the innermost has no pod of its own
    Sample(path: "/kubepods/burstable/pod\(uid)/\(inner)/docker/\(id)", runtime: .docker, id: id),
    Sample(path: "/docker/\(inner)/docker/\(id)", runtime: .docker, id: id),
    Sample(
      path: "/system.slice/docker-\(inner).scope/docker/\(id)", runtime: .docker, id: id,
      unit: "docker-\(inner).scope"),
    Sample(path: "/default/\(id)", runtime: .containerd, id: id),  // nerdctl, cgroupfs
    Sample(path: "/k8s.io/\(id)", runtime: .containerd, id: id),  // cri-tools issue 1292
    Sample(
      path: "/user.slice/user-1001.slice/user@1001.service/u7s-rootlesskit.service/kubepods/burstable/"
        + "pod\(uid)/\(id)",
      runtime: nil, id: id, podUID: uid, unit: "u7s-rootlesskit.service"),
    Sample(
      path: "/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-\(id).scope",
      runtime: .containerd, id: id, unit: "nerdctl-\(id).scope"),
    Sample(
      path: "/system.slice/nerdctl-\(id).scope", runtime: .containerd, id: id, unit: "nerdctl-\(id).scope"),
  ]

  /// Machines. Sources: systemd-nspawn(1) and systemd issues 5490 and 18104; systemd-machined(8); libvirt.org
  /// "Control Groups"; lxc issues 2782, 3551 (rootless) and 4384, sysdig issue 1344; runc's docs/systemd.md; crun's crun(1).
  static let machines: [Sample] = [
    Sample(
      path: "/machine.slice/systemd-nspawn@web.service/payload", runtime: .nspawn, id: "web",
      unit: "systemd-nspawn@web.service"),
    Sample(
      path: "/machine.slice/systemd-nspawn@web\\x2d1.service/payload/system.slice/nginx.service",
      runtime: .nspawn,
      id: "web-1", unit: "nginx.service"),
    Sample(
      path: "/machine.slice/machine-debian\\x2dtree.scope/payload", runtime: .nspawn, id: "debian-tree",
      unit: "machine-debian\\x2dtree.scope"),
    Sample(
      path: "/machine.slice/machine-lxc\\x2d11843\\x2dcontainer1.scope", runtime: .libvirt, id: "container1",
      unit: "machine-lxc\\x2d11843\\x2dcontainer1.scope"),
    Sample(
      path: "/machine.slice/machine-qemu\\x2d1\\x2dvm1.scope/libvirt/emulator", runtime: nil, id: nil,
      unit: "machine-qemu\\x2d1\\x2dvm1.scope"),
    Sample(path: "/lxc/web", runtime: .lxc, id: "web"),
    Sample(path: "/lxc/101/ns/system.slice/cron.service", runtime: .lxc, id: "101", unit: "cron.service"),
    Sample(path: "/lxc.payload/web", runtime: .lxc, id: "web"),
    Sample(path: "/lxc.payload.node-ct", runtime: .lxc, id: "node-ct"),
    Sample(
      path: "/lxc.payload.node-ct/system.slice/docker-\(id).scope", runtime: .docker, id: id,
      unit: "docker-\(id).scope"),
    Sample(
      path: "/user.slice/user-1000.slice/user@1000.service/run-r1b59e7c2.scope/lxc.payload.b2/system.slice/"
        + "cron.service",
      runtime: .lxc, id: "b2", unit: "cron.service"),
    Sample(path: "/lxc.monitor.node-ct", runtime: nil, id: nil),
    Sample(path: "/lxc.monitor/web", runtime: nil, id: nil),
    Sample(path: "/system.slice/crun-demo.scope", runtime: .crun, id: "demo", unit: "crun-demo.scope"),
    Sample(path: "/system.slice/runc-test.scope", runtime: .runc, id: "test", unit: "runc-test.scope"),
  ]

  /// What looks a little like a container and is none.
  static let others: [Sample] = [
    Sample(path: "/", runtime: nil, id: nil), Sample(path: "", runtime: nil, id: nil),
    Sample(path: "cgroup:4242", runtime: nil, id: nil), Sample(path: "/docker", runtime: nil, id: nil),
    Sample(path: "/docker/short", runtime: nil, id: nil), Sample(path: "/lxc", runtime: nil, id: nil),
    Sample(path: "/docker/\(id)0", runtime: nil, id: nil),
    Sample(path: "/docker/\(id.uppercased())", runtime: nil, id: nil),
    Sample(path: "/system.slice/docker.service", runtime: nil, id: nil, unit: "docker.service"),
    Sample(path: "/system.slice/containerd.service", runtime: nil, id: nil, unit: "containerd.service"),
    Sample(path: "/kubepods/burstable/podinfo/x", runtime: nil, id: nil),
    Sample(
      path: "/user.slice/user-1000.slice/session-2.scope", runtime: nil, id: nil, unit: "session-2.scope"),
    Sample(path: "/a/pod-\(uid)", runtime: nil, id: nil),
    Sample(path: "//é/\u{FFFD}/:::", runtime: nil, id: nil),
    Sample(path: "/machine.slice/machine-.scope", runtime: nil, id: nil, unit: "machine-.scope"),
  ]

  @Test("Runtime, id, pod and unit", arguments: engines + pods + machines + others)
  func parse(sample: Sample) {
    let parsed = ContainerPath(sample.path)
    #expect(parsed.container?.runtime == sample.runtime)
    #expect(parsed.container?.id == sample.id)
    #expect(parsed.container?.podUID == sample.podUID)
    #expect(parsed.unit == sample.unit)
    #expect((parsed.container == nil) == (sample.id == nil && sample.podUID == nil))
  }

  @Test("systemd's escapes, and what only begins like one")
  func escapes() {
    #expect(ContainerPath.unescaped("a\\x2db\\x40") == "a-b@")
    #expect(ContainerPath.unescaped("\\x2") == "\\x2" && ContainerPath.unescaped("\\xzz\\") == "\\xzz\\")
    #expect(ContainerPath.unescaped("\\xff") == "\u{FFFD}")
  }

  @Test("Any bytes are a path")
  func anything() {
    var random = SplitMix64(seed: 6)
    let parts = [
      "docker", "-", Self.id, "/", ".scope", ":", "pod", Self.uid, ".slice", "lxc", "machine-", "\\x2d",
      "libpod-",
    ]
    for _ in 1...20_000 {
      let path = (0...Int.random(in: 0...9, using: &random)).map { _ in
        parts.randomElement(using: &random) ?? ""
      }
      _ = Cgroup(path: "/" + path.joined())
    }
  }
}
