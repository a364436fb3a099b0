// What the workload needs of Linux and Swift cannot import: variadic calls, namespaces, fork, BPF, io_uring.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

// Constants that Swift sees as enums of several types, or not at all.
static const int32_t wl_stream = SOCK_STREAM, wl_datagram = SOCK_DGRAM, wl_cloexec = SOCK_CLOEXEC;
static const int32_t wl_tcp = IPPROTO_TCP, wl_ipv6 = IPPROTO_IPV6, wl_mptcp = 262;
static const int32_t wl_send_connect = MSG_FASTOPEN | MSG_NOSIGNAL, wl_send = MSG_NOSIGNAL;

#define WL_CLONE_NEWNET 0x40000000

static inline int wl_unshare_net(void) { return (int)syscall(SYS_unshare, WL_CLONE_NEWNET); }
static inline int wl_enter_net(int fd) { return (int)syscall(SYS_setns, fd, WL_CLONE_NEWNET); }
static inline int wl_thread_id(void) { return (int)syscall(SYS_gettid); }
static inline int wl_get_comm(char name[16]) { return prctl(PR_GET_NAME, name, 0, 0, 0); }
static inline int wl_set_comm(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
static inline int wl_fork(void) { return fork(); }
static inline int wl_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }
static inline int wl_open(const char *path, int flags) { return open(path, flags | O_CLOEXEC); }
static inline int wl_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }
static inline int wl_exit_code(int status) { return (status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff; }

static inline int64_t wl_now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static inline int wl_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

// Segments this sock sent again: SYNs, as long as nothing else was sent. -1 if the kernel does not say.
static inline int wl_retransmits(int fd) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -1;
  return (int)info.tcpi_total_retrans;
}

static inline int wl_is_syn_sent(int fd) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_SYN_SENT;
}

// A permanent neighbour entry: at once, where starting `ip` may take seconds on a slow machine.
static inline int wl_set_neighbour(const char *device, struct in_addr address, const uint8_t mac[6]) {
  struct arpreq request;
  memset(&request, 0, sizeof request);
  struct sockaddr_in *target = (struct sockaddr_in *)&request.arp_pa;
  target->sin_family = AF_INET;
  target->sin_addr = address;
  request.arp_ha.sa_family = ARPHRD_ETHER;
  memcpy(request.arp_ha.sa_data, mac, 6);
  request.arp_flags = ATF_COM | ATF_PERM;
  strncpy(request.arp_dev, device, sizeof request.arp_dev - 1);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int result = ioctl(fd, SIOCSARP, &request), error = errno;
  close(fd);
  errno = error;
  return result;
}

static inline void wl_ignored_signal(int number) { (void)number; }

// A handler without SA_RESTART, so that a signal ends a blocked call with EINTR.
static inline int wl_interrupt_on(int number) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = wl_ignored_signal;
  // Whoever started the workload may have blocked it; threads that are made from here on have it open.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  return sigaction(number, &action, 0);
}

static inline int wl_signal_thread(int thread, int number) {
  return (int)syscall(SYS_tgkill, getpid(), thread, number);
}

// ---- A child process that makes one connect and ends as it was told.

enum wl_ending {
  WL_EXITS,          // connect blocks; then exit
  WL_EXITS_INFLIGHT, // connect does not block; exit at once, its end unknown
  WL_HOLDS,          // connect blocks (the parent kills it there), or the child waits to be killed
};

struct wl_child {
  // The plan.
  int32_t ending;
  uint32_t uid;
  char comm[16]; // empty: as the parent
  int32_t cgroup; // the cgroup.procs of the group to be in; 0: as the parent
  struct sockaddr_storage source, target;
  socklen_t source_length, target_length; // 0: not bound
  // What happened: written by the child, in memory both share.
  volatile int64_t before, after;
  volatile int32_t error, setup_error, finished;
  struct sockaddr_storage local, remote;
  socklen_t local_length, remote_length; // 0: not known
};

static inline struct wl_child *wl_child_new(void) {
  void *page = mmap(0, sizeof(struct wl_child), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? 0 : (struct wl_child *)page;
}

static inline void wl_child_free(struct wl_child *child) { munmap(child, sizeof *child); }

static inline int wl_child_main(struct wl_child *child) {
  wl_die_with_parent();
  if (child->cgroup && write(child->cgroup, "0", 1) < 0) return child->setup_error = errno;
  // A sock of the parent's must not live on here when the parent closes it.
  if (syscall(SYS_close_range, 3, ~0U, 0) < 0) {
    for (int fd = 3; fd < 1024; fd++) close(fd);
  }
  // The kernel's call, not glibc's: that one would ask the parent's other threads, gone here, to follow.
  if (child->uid && syscall(SYS_setresuid, child->uid, child->uid, child->uid) < 0) {
    return child->setup_error = errno;
  }
  wl_die_with_parent(); // a change of credentials forgets it
  if (child->comm[0]) wl_set_comm(child->comm);
  int kind = SOCK_STREAM | (child->ending == WL_EXITS_INFLIGHT ? SOCK_NONBLOCK : 0);
  int fd = socket(child->target.ss_family, kind, 0);
  if (fd < 0) return child->setup_error = errno;
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (child->source_length && bind(fd, (struct sockaddr *)&child->source, child->source_length) < 0) {
    return child->setup_error = errno;
  }
  child->before = wl_now();
  child->error = connect(fd, (struct sockaddr *)&child->target, child->target_length) < 0 ? errno : 0;
  child->after = wl_now();
  child->local_length = sizeof child->local;
  if (getsockname(fd, (struct sockaddr *)&child->local, &child->local_length) < 0) child->local_length = 0;
  child->remote_length = sizeof child->remote;
  if (getpeername(fd, (struct sockaddr *)&child->remote, &child->remote_length) < 0) child->remote_length = 0;
  child->finished = 1;
  while (child->ending == WL_HOLDS) pause();
  return 0;
}

// Between fork and _exit only system calls: other threads of the parent may have held locks.
static inline pid_t wl_child_start(struct wl_child *child) {
  pid_t pid = fork();
  if (pid == 0) _exit(wl_child_main(child) ? 1 : 0);
  return pid;
}

// ---- BPF: a program that is asked about the connects of a cgroup, and always says the same.

// For sockets of IPv6 or IPv4. A port (network byte order) of 0 leaves the one that was asked for. -1 and errno.
static inline int wl_ask_about_connects(int cgroup, int is_v6, int allows, uint16_t port) {
  struct bpf_insn program[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = port},
      {.code = BPF_STX | BPF_MEM | BPF_W,
       .dst_reg = BPF_REG_1,
       .src_reg = BPF_REG_2,
       .off = offsetof(struct bpf_sock_addr, user_port)},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = allows},
      {.code = BPF_JMP | BPF_EXIT},
  };
  // Linux before 5.11 counts all BPF of a user against it, a tracer's as well; where it may not be raised, it need not.
  struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  int unused = port ? 0 : 2;
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
  attributes.expected_attach_type = is_v6 ? BPF_CGROUP_INET6_CONNECT : BPF_CGROUP_INET4_CONNECT;
  attributes.insns = (uint64_t)(uintptr_t)(program + unused);
  attributes.insn_cnt = sizeof program / sizeof *program - unused;
  attributes.license = (uint64_t)(uintptr_t) "GPL";
  int loaded = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
  if (loaded < 0) return -1;
  memset(&attributes, 0, sizeof attributes);
  attributes.target_fd = cgroup;
  attributes.attach_bpf_fd = loaded;
  attributes.attach_type = is_v6 ? BPF_CGROUP_INET6_CONNECT : BPF_CGROUP_INET4_CONNECT;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  int result = (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes), error = errno;
  close(loaded);
  errno = error;
  return result;
}

// ---- io_uring: one connect through a ring of its own.

struct wl_uring {
  int fd;
  struct io_uring_params parameters;
  uint8_t *submissions, *completions;
  struct io_uring_sqe *entries;
  size_t submissions_size, completions_size, entries_size;
};

static inline void *wl_uring_map(int fd, size_t size, off_t offset) {
  void *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
  return at == MAP_FAILED ? 0 : at;
}

static inline void wl_uring_close(struct wl_uring *ring) {
  if (ring->submissions) munmap(ring->submissions, ring->submissions_size);
  if (ring->completions) munmap(ring->completions, ring->completions_size);
  if (ring->entries) munmap(ring->entries, ring->entries_size);
  if (ring->fd >= 0) close(ring->fd);
}

// 0, or the errno of the call that failed.
static inline int wl_uring_open(struct wl_uring *ring) {
  memset(ring, 0, sizeof *ring);
  ring->fd = (int)syscall(SYS_io_uring_setup, 2, &ring->parameters);
  if (ring->fd < 0) return errno;
  struct io_uring_params *p = &ring->parameters;
  ring->submissions_size = p->sq_off.array + p->sq_entries * sizeof(uint32_t);
  ring->completions_size = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
  ring->entries_size = p->sq_entries * sizeof(struct io_uring_sqe);
  ring->submissions = (uint8_t *)wl_uring_map(ring->fd, ring->submissions_size, IORING_OFF_SQ_RING);
  ring->completions = (uint8_t *)wl_uring_map(ring->fd, ring->completions_size, IORING_OFF_CQ_RING);
  ring->entries = (struct io_uring_sqe *)wl_uring_map(ring->fd, ring->entries_size, IORING_OFF_SQES);
  if (ring->submissions && ring->completions && ring->entries) return 0;
  int error = errno;
  wl_uring_close(ring);
  return error;
}

// Submits a connect and waits for its completion, whose result (0 or -errno) is left in `result`.
static inline int wl_uring_connect(
    struct wl_uring *ring, int sock, const struct sockaddr *target, socklen_t length, int *result) {
  struct io_uring_params *p = &ring->parameters;
  struct io_uring_sqe *entry = &ring->entries[0];
  memset(entry, 0, sizeof *entry);
  entry->opcode = IORING_OP_CONNECT;
  entry->fd = sock;
  entry->addr = (uint64_t)(uintptr_t)target;
  entry->off = length;
  uint32_t *tail = (uint32_t *)(ring->submissions + p->sq_off.tail);
  uint32_t mask = *(uint32_t *)(ring->submissions + p->sq_off.ring_mask);
  ((uint32_t *)(ring->submissions + p->sq_off.array))[*tail & mask] = 0;
  __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) < 0) return errno;
  uint32_t *head = (uint32_t *)(ring->completions + p->cq_off.head);
  uint32_t completion_mask = *(uint32_t *)(ring->completions + p->cq_off.ring_mask);
  if (__atomic_load_n((uint32_t *)(ring->completions + p->cq_off.tail), __ATOMIC_ACQUIRE) == *head) {
    return EAGAIN;
  }
  struct io_uring_cqe *entries = (struct io_uring_cqe *)(ring->completions + p->cq_off.cqes);
  *result = entries[*head & completion_mask].res;
  __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
  return 0;
}
