import Testing

@testable import ConnectLatency

@Suite("Names from the files that runtimes leave")
struct ContainerNamesTests {
  static let id = ContainerPathTests.id
  static let uid = ContainerPathTests.uid
  static let storage = "var/lib/containers/storage/overlay-containers"

  /// What is found for a path.
  static func describe(_ path: String, in root: TemporaryRoot) -> Cgroup {
    ContainerNames(root: root.path).describe(cgroupPath: path)
  }

  /// How a cgroup is shown.
  static func label(_ path: String, in root: TemporaryRoot) -> String {
    String(decoding: describe(path, in: root).label, as: UTF8.self)
  }

  @Test("Docker: config.v2.json, also where daemon.json puts it and in a user's home")
  func docker() throws {
    let root = try TemporaryRoot()
    let path = "/system.slice/docker-\(Self.id).scope"
    #expect(Self.label(path, in: root) == "0123456789ab (docker)")
    let config = #"{"State":{"Running":true},"ID":"\#(Self.id)","Name":"/web","Config":{"Env":["A=B"]}}"#
    try root.write("var/lib/docker/containers/\(Self.id)/config.v2.json", config)
    #expect(Self.label(path, in: root) == "web (docker)")

    let moved = try TemporaryRoot()
    try moved.write("etc/docker/daemon.json", #"{"data-root": "/data/docker"}"#)
    try moved.write("data/docker/containers/\(Self.id)/config.v2.json", #"{"Name":"/moved"}"#)
    #expect(Self.label("/docker/\(Self.id)", in: moved) == "moved (docker)")
    // the parent directory is the user's choice, and the file says whose it is
    #expect(Self.label("/custom/\(Self.id)", in: moved) == "moved (docker)")

    let rootless = try TemporaryRoot()
    try rootless.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
    try rootless.write(
      "home/ann/.local/share/docker/containers/\(Self.id)/config.v2.json", #"{"Name":"/own"}"#)
    let slice = "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-\(Self.id).scope"
    #expect(Self.label(slice, in: rootless) == "own (docker)")
  }

  @Test(
    "podman: containers.json of any driver, volatile ones, in the configured place, and in a user's home",
    arguments: [
      "var/lib/containers/storage/overlay-containers/containers.json",
      "var/lib/containers/storage/vfs-containers/containers.json",
      "var/lib/containers/storage/overlay-containers/volatile-containers.json",
      "run/containers/storage/overlay-containers/volatile-containers.json",
      "srv/pods/overlay-containers/containers.json",
      "home/ann/.local/share/containers/storage/vfs-containers/containers.json",
    ])
  func podman(file: String) throws {
    let root = try TemporaryRoot()
    try root.write("etc/passwd", "broken\nann:x:1000:1000::/home/ann:/bin/sh\n")
    try root.write(
      "etc/containers/storage.conf", "[storage]\ndriver = \"overlay\"\ngraphroot = \"/srv/pods\"\n")
    try root.write(
      file,
      #"[{"id":"0000","names":["other"]}, 17, {"id":"\#(Self.id)","names":["web"],"flags":{"MountLabel":""}}]"#
    )
    let path = "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(Self.id).scope/container"
    #expect(Self.label(path, in: root) == "web (podman)")
  }

  @Test("Kubernetes: the links that kubelet makes for each container, whatever the runtime")
  func containerLogs() throws {
    let root = try TemporaryRoot()
    try root.link(
      "var/log/containers/cart-7f9c_shop_app-\(Self.id).log",
      to: "/var/log/pods/shop_cart-7f9c_\(Self.uid)/app/0.log")
    let path = "/kubepods/burstable/pod\(Self.uid)/\(Self.id)"
    #expect(Self.label(path, in: root) == "shop/cart-7f9c/app (k8s)")
    let other = path.replacing("0123", with: "1111")
    #expect(Self.label(other, in: root) == "\(Self.uid)/1111456789ab (k8s)")
  }

  @Test("Kubernetes: a pod's log directory names the pod, and the container if it is the only one")
  func podLogs() throws {
    let root = try TemporaryRoot()
    try root.makeDirectory("var/log/pods/shop_cart-7f9c_\(Self.uid)/app")
    try root.makeDirectory("var/log/pods/shop_pay-1a2b_14cbe699-8d5a-4d9f-8ad4-6606f7f69e33/app")
    let slice = "/kubepods.slice/kubepods-\(ContainerPathTests.slice)"
    #expect(Self.label("\(slice)/cri-containerd-\(Self.id).scope", in: root) == "shop/cart-7f9c/app (k8s)")
    #expect(Self.label(slice, in: root) == "shop/cart-7f9c (k8s)")
    try root.makeDirectory("var/log/pods/shop_cart-7f9c_\(Self.uid)/proxy")
    #expect(Self.label("\(slice)/cri-containerd-\(Self.id).scope", in: root) == "shop/cart-7f9c (k8s)")
  }

  @Test("containerd: the annotations of its bundles")
  func containerd() throws {
    let root = try TemporaryRoot()
    let tasks = "run/containerd/io.containerd.runtime.v2.task"
    try root.write(
      "\(tasks)/k8s.io/\(Self.id)/config.json",
      """
      {"ociVersion":"1.1.0","annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.container-type":
      "container","io.kubernetes.cri.sandbox-name":"cart-7f9c","io.kubernetes.cri.sandbox-namespace":"shop"}}
      """)
    let pod = "/kubepods/besteffort/pod\(Self.uid)/\(Self.id)"
    #expect(Self.label(pod, in: root) == "shop/cart-7f9c/app (k8s)")
    #expect(Self.describe(pod, in: root).container?.runtime == .containerd)
    try root.write("\(tasks)/default/\(Self.id)/config.json", #"{"annotations":{"nerdctl/name":"web"}}"#)
    let plain = try TemporaryRoot()
    try plain.write("\(tasks)/default/\(Self.id)/config.json", #"{"annotations":{"nerdctl/name":"web"}}"#)
    #expect(Self.label("/default/\(Self.id)", in: plain) == "web (containerd)")
  }

  @Test("CRI-O: annotations of the runtime, or the name in the store; Docker below Kubernetes likewise")
  func criO() throws {
    let root = try TemporaryRoot()
    try root.write(
      "\(Self.storage)/\(Self.id)/userdata/config.json",
      """
      {"annotations":{"io.kubernetes.container.name":"app","io.kubernetes.pod.name":"cart-7f9c",
      "io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"\(Self.uid)"}}
      """)
    let path = "/kubepods/burstable/pod\(Self.uid)/crio-\(Self.id)"
    #expect(Self.label(path, in: root) == "shop/cart-7f9c/app (k8s)")
    #expect(Self.describe(path, in: root).container?.runtime == .criO)

    let name = "k8s_app_cart-7f9c_shop_\(Self.uid)_0"
    let stored = try TemporaryRoot()
    try stored.write("\(Self.storage)/containers.json", #"[{"id":"\#(Self.id)","names":["\#(name)"]}]"#)
    #expect(Self.label(path, in: stored) == "shop/cart-7f9c/app (k8s)")

    let docker = try TemporaryRoot()
    try docker.write("var/lib/docker/containers/\(Self.id)/config.v2.json", #"{"Name":"/\#(name)"}"#)
    #expect(Self.label("/kubepods/pod\(Self.uid)/\(Self.id)", in: docker) == "shop/cart-7f9c/app (k8s)")
  }

  @Test("Machines: their names from machined, else from the unit")
  func machines() throws {
    let root = try TemporaryRoot()
    let path = "/machine.slice/machine-web\\x2d1.scope/payload"
    #expect(Self.label(path, in: root) == "web-1 (systemd-nspawn)")
    try root.link("run/systemd/machines/unit:machine-web\\x2d1.scope", to: "front")
    #expect(Self.label(path, in: root) == "front (systemd-nspawn)")
    try root.link("run/systemd/machines/unit:machine-evil.scope", to: "../../../etc/passwd")
    #expect(Self.label("/machine.slice/machine-evil.scope", in: root) == "evil (systemd-nspawn)")
  }

  @Test("crun and runc by themselves: their state says which cgroup is whose")
  func lowLevel() throws {
    let root = try TemporaryRoot()
    try root.write("run/crun/demo/status", #"{"pid":1,"cgroup-path":"/demo","bundle":"/b"}"#)
    try root.write("run/crun/other/status", #"{"cgroup-path":"/elsewhere"}"#)
    try root.write("run/runc/test/state.json", "{}")
    #expect(Self.label("/demo", in: root) == "demo (crun)")
    #expect(Self.label("/demo/inner", in: root) == "demo (crun)")
    #expect(Self.label("/batch/test", in: root) == "test (runc)")
    for path in ["/other", "/demo2", "/../demo", "/system.slice/demo"] {
      #expect(!Self.label(path, in: root).contains("("))
    }
  }

  @Test("JSON has all of it, in its order")
  func json() throws {
    let root = try TemporaryRoot()
    try root.makeDirectory("var/log/pods/shop_cart-7f9c_\(Self.uid)/app")
    let cgroup = Self.describe(
      "/kubepods.slice/kubepods-\(ContainerPathTests.slice)/crio-\(Self.id).scope", in: root)
    #expect(
      String(decoding: cgroup.json, as: UTF8.self)
        == #","cgroup":"\#(cgroup.path)","container":{"runtime":"cri-o","id":"\#(Self.id)","name":"app","#
        + #""pod":"cart-7f9c","namespace":"shop"},"unit":"crio-\#(Self.id).scope""#)
  }
}
