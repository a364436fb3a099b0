// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause)
/*
 * The hooks. They emit raw records and keep no table of open connects: pairing is user space's.
 *
 * Three sets of programs, of which one is loaded:
 *   kprobe_*      tcp_v[46]_connect and their returns, and tcp_finish_connect. It is what tcp_rcv_state_process calls
 *                 for an answer that it accepts, and for nothing else: a third of the calls, and no need to look
 *                 into the packet. Also tcp_v[46]_pre_connect and their returns: the kernel calls these only where
 *                 BPF programs are attached to cgroups.
 *   fentry_*      the same functions through BPF trampolines
 *   tracepoint_*  the entry and exit of connect(2)
 * state_hook and reset_hook belong to all of them, error_hook to the first two, cgroup_hook to whoever asks for
 * cgroups. A twin belongs to its hook where the kernel may preempt that; state_twin to tracepoint_* everywhere, where
 * it is the second hook of answers.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "record.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* ---- maps and globals ---- */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} records SEC(".maps");

const volatile struct settings settings SEC(".rodata.settings") = {};

struct losses lost SEC(".data.lost") = {};

/*
 * The sock whose connect call a thread is in, from the call's entry to its return, where arguments are gone. Slots
 * are shared by tids that are equal in their low bits; user space compares the record's tid with the start's.
 */
#define CALLS 16384
static struct sock *calls[CALLS];

#define CALL_OF(tid) calls[(tid) & (CALLS - 1)]

/*
 * The same for the function before: tcp_v[46]_pre_connect, where a BPF program of the cgroup allows the connect, forbids
 * it, or changes its address. It never sleeps, so that few threads are in it at once. Nothing is emitted of a connect
 * that is allowed: it has yet to begin.
 */
struct asked {
	struct sock *sk;
	void *uaddr;
	__u64 time;
	__u32 tid;
};

#define ASKED 1024
static struct asked asked[ASKED];

#define ASKED_BY(tid) &asked[(tid) & (ASKED - 1)]

/*
 * What was emitted last for a sock: half of its address, with the kind of record in the low bits, which alignment
 * leaves free.
 *
 * The kernel does not run a tracing program that an interrupt, or the task that preempts, finds running on the same
 * CPU, nor a kprobe's inside another's. So events have two hooks that are not busy at the same time, and the one that
 * comes second finds here that the other was there. Slots are shared by socks that hash alike; what one takes
 * from the other is emitted twice, and user space finds no open connect for the second.
 */
#define MARKS 16384
static __u32 marks[MARKS];

/* Half of an address, which the verifier lets a program calculate with. */
static __always_inline __u32 identity(const struct sock *sk)
{
	__u32 half;

	asm volatile("%0 = %1" : "=w"(half) : "w"((__u32)(__u64)sk));
	return half;
}

static __always_inline __u32 *mark_of(__u32 identity)
{
	return &marks[((identity >> 6) + (identity >> 20)) & (MARKS - 1)];
}

/* Whether a slot was this sock's last, whatever kind of record it was for. */
static __always_inline bool is_mark_of(__u32 mark, __u32 identity)
{
	return (mark ^ identity) < 8;
}

/* ---- helpers ---- */

/* Relaxed, so that clang makes the one atomic addition that kernels before 5.12 know. */
static __always_inline void count_loss(__u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* ::ffff:0:0/96, as its first twelve bytes lie in memory */
#define MAPPED_PREFIX bpf_htonl(0xffff)

static __always_inline bool is_mapped(const struct in6_addr *address)
{
	const __u32 *words = (const void *)address;

	return !words[0] && !words[1] && words[2] == MAPPED_PREFIX;
}

static __always_inline bool listed(const volatile __u32 *list, __u32 count, __u32 value)
{
	if (!count)
		return true;
	for (__u32 i = 0; i < SETTINGS_LIST && i < count; i++)
		if (list[i] == value)
			return true;
	return false;
}

static __always_inline bool wants_port(__u16 port)
{
	if (!settings.port_count)
		return true;
	for (__u32 i = 0; i < SETTINGS_LIST && i < settings.port_count; i++)
		if (port >= settings.ports[i].first && port <= settings.ports[i].last)
			return true;
	return false;
}

static __always_inline bool wants_ip(__u8 ip)
{
	return !settings.ip || settings.ip == ip;
}

static __always_inline __u32 netns_of(struct sock *sk, bool direct)
{
	return direct ? sk->__sk_common.skc_net.net->ns.inum : BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* The id of the task's cgroup: in the v2 hierarchy, unless that has no groups and a v1 one is asked for. */
static __always_inline __u64 cgroup_of_current(void)
{
	const __u64 root = 1;
	__u64 id = bpf_get_current_cgroup_id();
	struct cgroup_subsys_state *state = 0;
	struct css_set *set;
	__u64 controller;

	if (!settings.cgroup_controller || id != root)
		return id;
	if (settings.cgroup_controller == CGROUP_PIDS && bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		controller = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	else if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		controller = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	else
		return id;
	set = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), cgroups);
	bpf_probe_read_kernel(&state, sizeof(state),
			      (void *)set + bpf_core_field_offset(set->subsys) + controller * sizeof(state));
	return BPF_CORE_READ(state, cgroup, kn, id) | CGROUP_VERSION_1;
}

/* What the current process is called in the pid namespace it is in: its tgid, unless that is not the first one. */
static __always_inline __u32 own_pid_of_current(__u32 tgid)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level), number = 0;

	if (!level)
		return tgid;
	pid = BPF_CORE_READ(task, group_leader, thread_pid);
	bpf_probe_read_kernel(&number, sizeof(number),
			      (void *)pid + bpf_core_field_offset(pid->numbers) +
				      (__u64)level * bpf_core_type_size(struct upid));
	return number;
}

/* Where a connect goes, however its address was given. */
struct destination {
	__u64 address[2];
	__u16 port;
	__u8 ip;
};

static __always_inline void destination_v4(struct destination *to, __u32 address, __be16 port)
{
	to->address[0] = address;
	to->address[1] = 0;
	to->port = bpf_ntohs(port);
	to->ip = 4;
}

static __always_inline void destination_v6(struct destination *to, struct in6_addr *address, __be16 port, bool v6only)
{
	if (is_mapped(address) && !v6only) {
		destination_v4(to, ((__u32 *)address)[3], port);
	} else {
		__builtin_memcpy(to->address, address, sizeof(to->address));
		to->port = bpf_ntohs(port);
		to->ip = 6;
	}
}

static __always_inline bool is_v6only(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_ipv6only);
}

/* What the first words of a struct sock say, which costs one read wherever it is. */
struct sock_head {
	__u32 daddr, saddr;
	__be16 dport;
	__u16 num;
	__u16 family;
};

static __always_inline void read_head(struct sock_head *head, struct sock *sk, bool direct)
{
	char words[24];

	if (direct) {
		head->daddr = sk->__sk_common.skc_daddr;
		head->saddr = sk->__sk_common.skc_rcv_saddr;
		head->dport = sk->__sk_common.skc_dport;
		head->num = sk->__sk_common.skc_num;
		head->family = sk->__sk_common.skc_family;
		return;
	}
	bpf_probe_read_kernel(words, sizeof(words), sk);
	head->daddr = *(__u32 *)(words + bpf_core_field_offset(sk->__sk_common.skc_daddr));
	head->saddr = *(__u32 *)(words + bpf_core_field_offset(sk->__sk_common.skc_rcv_saddr));
	head->dport = *(__be16 *)(words + bpf_core_field_offset(sk->__sk_common.skc_dport));
	head->num = *(__u16 *)(words + bpf_core_field_offset(sk->__sk_common.skc_num));
	head->family = *(__u16 *)(words + bpf_core_field_offset(sk->__sk_common.skc_family));
}

/* The addresses of a sock that has them. */
static __always_inline __u8 addresses_of(struct sock *sk, const struct sock_head *head, struct record_end *end)
{
	struct in6_addr to;

	if (head->family == AF_INET6) {
		BPF_CORE_READ_INTO(&to, sk, __sk_common.skc_v6_daddr);
		if (!is_mapped(&to) || is_v6only(sk)) {
			__builtin_memcpy(end->daddr, &to, sizeof(to));
			BPF_CORE_READ_INTO((struct in6_addr *)end->saddr, sk, __sk_common.skc_v6_rcv_saddr);
			return 6;
		}
	}
	end->saddr[0] = head->saddr;
	end->daddr[0] = head->daddr;
	end->saddr[1] = end->daddr[1] = 0;
	return 4;
}

/* Emits a start, unless a filter leaves it out. */
static __always_inline bool emit_start_at(__u64 time, struct sock *sk, const struct destination *to, __u8 flags,
					  bool direct)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u32 uid = bpf_get_current_uid_gid();
	struct record_start *start;
	__u32 netns, own_pid;

	if (!listed(settings.pids, settings.pid_count, pid_tgid >> 32) ||
	    !listed(settings.uids, settings.uid_count, uid) || !wants_ip(to->ip) || !wants_port(to->port))
		return false;
	netns = netns_of(sk, direct);
	if (!listed(settings.netns, settings.netns_count, netns))
		return false;

	own_pid = settings.own_pids ? own_pid_of_current(pid_tgid >> 32) : 0;
	/* a start without room is told as well: it is counted once, by the hook that came first */
	*mark_of(identity(sk)) = identity(sk) | RECORD_START;
	start = bpf_ringbuf_reserve(&records, sizeof(*start), 0);
	if (!start) {
		count_loss(&lost.starts);
		return true;
	}
	start->header.time = time;
	start->header.sock = (__u64)sk;
	start->header.tid = pid_tgid;
	start->header.kind = RECORD_START;
	start->header.ip = to->ip;
	start->header.flags = flags;
	start->header.pid_high = own_pid >> 16;
	start->tgid = pid_tgid >> 32;
	start->uid = uid;
	start->netns = netns;
	start->dport = to->port;
	start->pid_low = own_pid;
	start->cgroup = cgroup_of_current();
	bpf_get_current_comm(start->comm, sizeof(start->comm));
	start->daddr[0] = to->address[0];
	start->daddr[1] = to->address[1];
	bpf_ringbuf_submit(start, 0);
	return true;
}

static __always_inline bool emit_start(struct sock *sk, const struct destination *to, __u8 flags, bool direct)
{
	return emit_start_at(bpf_ktime_get_ns(), sk, to, flags, direct);
}

/* Emits an end, unless another hook has emitted it already. */
static __always_inline void emit_end(struct sock *sk, __u8 kind, __u8 flags, __u32 tid, __u16 error, bool direct)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 id = identity(sk), *mark = mark_of(id);
	struct sock_head head;
	struct record_end *end;
	__u16 dport;

	if (*mark == (id | kind))
		return;
	if (!is_mark_of(*mark, id))
		flags |= RECORD_MAYBE_REPEATED;
	*mark = id | kind;

	read_head(&head, sk, direct);
	dport = bpf_ntohs(head.dport);
	/* a failed call has no port any more; its start was filtered already */
	if (kind != RECORD_FAILED && !wants_port(dport))
		return;
	if (settings.netns_count && !listed(settings.netns, settings.netns_count, netns_of(sk, direct)))
		return;

	end = bpf_ringbuf_reserve(&records, sizeof(*end), 0);
	if (!end) {
		count_loss(&lost.ends);
		return;
	}
	end->header.time = now;
	end->header.sock = (__u64)sk;
	end->header.tid = tid;
	end->header.kind = kind;
	end->header.ip = addresses_of(sk, &head, end);
	end->header.flags = flags;
	end->header.pid_high = 0;
	/* skc_num is already zero when a sock closes; inet_sport takes another read */
	end->sport = head.num ? head.num : bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	end->dport = dport;
	end->error = error;
	end->retransmits = BPF_CORE_READ((struct tcp_sock *)sk, total_retrans);
	bpf_ringbuf_submit(end, 0);
}

/* ---- what the probes have in common ---- */

static __always_inline void read_v4(struct destination *to, const void *uaddr)
{
	struct sockaddr_in address;

	bpf_core_read(&address, sizeof(address), uaddr);
	destination_v4(to, address.sin_addr.s_addr, address.sin_port);
}

static __always_inline void read_v6(struct destination *to, const void *uaddr, struct sock *sk)
{
	struct sockaddr_in6 address;

	bpf_core_read(&address, sizeof(address), uaddr);
	destination_v6(to, &address.sin6_addr, address.sin6_port,
		       is_mapped(&address.sin6_addr) && is_v6only(sk));
}

static __always_inline void connect_v4_entered(struct sock *sk, void *uaddr, bool direct)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct destination to;

	/* tcp_v6_connect got a v4-mapped address and calls on: it has emitted the start */
	if (CALL_OF(tid) == sk)
		return;
	read_v4(&to, uaddr);
	CALL_OF(tid) = emit_start(sk, &to, 0, direct) ? sk : 0;
}

static __always_inline void connect_v6_entered(struct sock *sk, void *uaddr, bool direct)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct destination to;

	read_v6(&to, uaddr, sk);
	CALL_OF(tid) = emit_start(sk, &to, RECORD_V6_FUNCTION, direct) ? sk : 0;
}

static __always_inline void connect_returned(long result, bool direct)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct sock *sk = CALL_OF(tid);

	CALL_OF(tid) = 0;
	if (sk && result < 0)
		emit_end(sk, RECORD_FAILED, 0, tid, -result, direct);
}

static __always_inline void pre_connect_entered(struct sock *sk, void *uaddr)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct asked *call = ASKED_BY(tid);

	call->sk = sk;
	call->uaddr = uaddr;
	call->time = bpf_ktime_get_ns();
	call->tid = tid;
}

/* A connect that is forbidden gets no further than here, so that this is its start and its end. */
static __always_inline void pre_connect_returned(int result, bool v6)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct asked *call = ASKED_BY(tid);
	struct sock *sk = call->sk;
	struct destination to;

	call->sk = 0;
	if (result >= 0 || !sk || call->tid != tid)
		return;
	if (v6)
		read_v6(&to, call->uaddr, sk);
	else
		read_v4(&to, call->uaddr);
	if (emit_start_at(call->time, sk, &to, v6 ? RECORD_V6_FUNCTION : 0, false))
		emit_end(sk, RECORD_FAILED, 0, tid, -result, false);
}

/*
 * A sock that enters SYN_SENT in a call whose entry was not seen. With the tracepoints that is any call but
 * connect(2): io_uring, sendto(MSG_FASTOPEN), a kernel client, an MPTCP subflow.
 */
static __always_inline void syn_sent_entered(struct sock *sk)
{
	__u32 id = identity(sk), mark = *mark_of(id);
	struct destination to;

	if (mark == (id | RECORD_START))
		return;

	if (sk->__sk_common.skc_family == AF_INET6) {
		struct in6_addr address;

		BPF_CORE_READ_INTO(&address, sk, __sk_common.skc_v6_daddr);
		destination_v6(&to, &address, sk->__sk_common.skc_dport, is_mapped(&address) && is_v6only(sk));
	} else {
		destination_v4(&to, sk->__sk_common.skc_daddr, sk->__sk_common.skc_dport);
	}
	emit_start(sk, &to, is_mark_of(mark, id) ? 0 : RECORD_MAYBE_REPEATED, true);
}

/* Whether a sock closes within the call that was to connect it. */
static __always_inline bool is_connecting(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;

	return socket && BPF_CORE_READ(socket, state) == SS_UNCONNECTED;
}

static __always_inline void state_changed(struct sock *sk, int oldstate, int newstate)
{
	if ((oldstate != TCP_SYN_SENT && newstate != TCP_SYN_SENT) || sk->sk_protocol != IPPROTO_TCP)
		return;
	if (newstate == TCP_SYN_SENT) {
		syn_sent_entered(sk);
	} else if (newstate != TCP_CLOSE) {
		emit_end(sk, RECORD_RESPONSE, 0, 0, 0, true);
	} else if (sk->sk_err) {
		emit_end(sk, RECORD_CLOSE, 0, 0, sk->sk_err, true);
	} else if (!is_connecting(sk)) {
		emit_end(sk, RECORD_CLOSE, 0, 0, 0, true);
	} else if (CALL_OF((__u32)bpf_get_current_pid_tgid()) != sk) {
		emit_end(sk, RECORD_CLOSE, RECORD_IN_CONNECT, 0, 0, true);
	}
	/* else the call itself gives up, and its return says why */
}

static __always_inline void reset_received(struct sock *sk)
{
	if (sk->__sk_common.skc_state == TCP_SYN_SENT)
		emit_end(sk, RECORD_RESET, 0, 0, 0, true);
}

/* The one that sees every close, and the second hook of starts and answers. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_hook, struct sock *sk, int oldstate, int newstate)
{
	state_changed(sk, oldstate, newstate);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(reset_hook, struct sock *sk)
{
	reset_received(sk);
	return 0;
}

/* reset_hook's twin. */
SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(reset_twin, struct sock *sk)
{
	reset_received(sk);
	return 0;
}

/* The second hook of a close that an error caused: it is reported when the sock has closed. */
SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(error_hook, struct sock *sk)
{
	__u32 id = identity(sk), mark = *mark_of(id);

	if (sk->__sk_common.skc_state == TCP_CLOSE && sk->sk_err && sk->sk_protocol == IPPROTO_TCP &&
	    (mark == (id | RECORD_START) || mark == (id | RECORD_RESET)))
		emit_end(sk, RECORD_CLOSE, 0, 0, sk->sk_err, true);
	return 0;
}

/*
 * state_hook's twin. A kernel that preempts tracing programs skips one that a preempted task is in, whoever comes next
 * on that CPU: there a close without an error needs a second hook as well.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_twin, struct sock *sk, int oldstate, int newstate)
{
	state_changed(sk, oldstate, newstate);
	return 0;
}

/*
 * The path of a cgroup while it is there for certain: a container may be gone before user space has read that it
 * connected. The directory is not visible yet, so this record comes before any start in it. No BTF: older verifiers
 * refuse an argument that is a string.
 */
SEC("raw_tp/cgroup_mkdir")
int BPF_PROG(cgroup_hook, struct cgroup *made, const char *path)
{
	__u32 hierarchy = BPF_CORE_READ(made, root, hierarchy_id);
	struct record_cgroup *record;

	if (hierarchy && hierarchy != settings.cgroup_hierarchy)
		return 0;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record)
		return 0;	/* what is lost is a name at most */
	__builtin_memset(&record->header, 0, sizeof(record->header));
	record->header.time = bpf_ktime_get_ns();
	record->header.kind = RECORD_CGROUP;
	record->cgroup = BPF_CORE_READ(made, kn, id) | (hierarchy ? CGROUP_VERSION_1 : 0);
	record->path[0] = 0;
	bpf_probe_read_kernel_str(record->path, sizeof(record->path), path);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/* One more, for answers that only these see. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_third, struct sock *sk, int oldstate, int newstate)
{
	state_changed(sk, oldstate, newstate);
	return 0;
}

/* ---- kprobe ---- */

SEC("kprobe/tcp_v4_connect")
int BPF_KPROBE(kprobe_v4, struct sock *sk, void *uaddr)
{
	connect_v4_entered(sk, uaddr, false);
	return 0;
}

SEC("kprobe/tcp_v6_connect")
int BPF_KPROBE(kprobe_v6, struct sock *sk, void *uaddr)
{
	connect_v6_entered(sk, uaddr, false);
	return 0;
}

SEC("kretprobe/tcp_v4_connect")
int BPF_KRETPROBE(kprobe_v4_return, int result)
{
	connect_returned(result, false);
	return 0;
}

SEC("kretprobe/tcp_v6_connect")
int BPF_KRETPROBE(kprobe_v6_return, int result)
{
	connect_returned(result, false);
	return 0;
}

SEC("kprobe/tcp_v4_pre_connect")
int BPF_KPROBE(kprobe_v4_pre, struct sock *sk, void *uaddr)
{
	pre_connect_entered(sk, uaddr);
	return 0;
}

SEC("kretprobe/tcp_v4_pre_connect")
int BPF_KRETPROBE(kprobe_v4_pre_return, int result)
{
	pre_connect_returned(result, false);
	return 0;
}

SEC("kprobe/tcp_v6_pre_connect")
int BPF_KPROBE(kprobe_v6_pre, struct sock *sk, void *uaddr)
{
	pre_connect_entered(sk, uaddr);
	return 0;
}

SEC("kretprobe/tcp_v6_pre_connect")
int BPF_KRETPROBE(kprobe_v6_pre_return, int result)
{
	pre_connect_returned(result, true);
	return 0;
}

SEC("kprobe/tcp_finish_connect")
int BPF_KPROBE(kprobe_response, struct sock *sk)
{
	emit_end(sk, RECORD_RESPONSE, 0, 0, 0, false);
	return 0;
}

/* ---- fentry ---- */

SEC("fentry/tcp_v4_connect")
int BPF_PROG(fentry_v4, struct sock *sk, void *uaddr)
{
	connect_v4_entered(sk, uaddr, true);
	return 0;
}

SEC("fentry/tcp_v6_connect")
int BPF_PROG(fentry_v6, struct sock *sk, void *uaddr)
{
	connect_v6_entered(sk, uaddr, true);
	return 0;
}

SEC("fexit/tcp_v4_connect")
int BPF_PROG(fentry_v4_return, struct sock *sk, void *uaddr, int addr_len, int result)
{
	connect_returned(result, false);
	return 0;
}

SEC("fexit/tcp_v6_connect")
int BPF_PROG(fentry_v6_return, struct sock *sk, void *uaddr, int addr_len, int result)
{
	connect_returned(result, false);
	return 0;
}

SEC("fexit/tcp_v4_connect")
int BPF_PROG(fentry_v4_return_twin, struct sock *sk, void *uaddr, int addr_len, int result)
{
	connect_returned(result, false);
	return 0;
}

SEC("fexit/tcp_v6_connect")
int BPF_PROG(fentry_v6_return_twin, struct sock *sk, void *uaddr, int addr_len, int result)
{
	connect_returned(result, false);
	return 0;
}

SEC("fentry/tcp_v4_pre_connect")
int BPF_PROG(fentry_v4_pre, struct sock *sk, void *uaddr)
{
	pre_connect_entered(sk, uaddr);
	return 0;
}

SEC("fexit/tcp_v4_pre_connect")
int BPF_PROG(fentry_v4_pre_return, struct sock *sk, void *uaddr, int addr_len, int result)
{
	pre_connect_returned(result, false);
	return 0;
}

SEC("fentry/tcp_v6_pre_connect")
int BPF_PROG(fentry_v6_pre, struct sock *sk, void *uaddr)
{
	pre_connect_entered(sk, uaddr);
	return 0;
}

SEC("fexit/tcp_v6_pre_connect")
int BPF_PROG(fentry_v6_pre_return, struct sock *sk, void *uaddr, int addr_len, int result)
{
	pre_connect_returned(result, true);
	return 0;
}

SEC("fentry/tcp_finish_connect")
int BPF_PROG(fentry_response, struct sock *sk)
{
	emit_end(sk, RECORD_RESPONSE, 0, 0, 0, true);
	return 0;
}

/* ---- tracepoint ---- */

/* The TCP sock behind a descriptor of the current task that is ready to connect. */
static __always_inline struct sock *sock_to_connect(__u32 descriptor)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file = 0;
	struct socket *socket;
	struct sock *sk;

	if (descriptor >= BPF_CORE_READ(table, max_fds))
		return 0;
	files = BPF_CORE_READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
	if (!file)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	/* a file that is no socket does not point back at itself */
	if (!socket || BPF_CORE_READ(socket, file) != file || BPF_CORE_READ(socket, state) != SS_UNCONNECTED)
		return 0;
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP ||
	    BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_CLOSE)
		return 0;
	return sk;
}

SEC("tracepoint/syscalls/sys_enter_connect")
int tracepoint_call(struct syscall_trace_enter *context)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct sock *sk = sock_to_connect(context->args[0]);
	const void *uaddr = (const void *)context->args[1];
	struct destination to;
	__u16 family = 0, of_sock;

	CALL_OF(tid) = 0;
	if (!sk || bpf_probe_read_user(&family, sizeof(family), uaddr))
		return 0;
	of_sock = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (of_sock == AF_INET && family == AF_INET) {
		struct {
			__u16 family;
			__be16 port;
			__u32 address;
		} v4;

		if (context->args[2] < 16 || bpf_probe_read_user(&v4, sizeof(v4), uaddr))
			return 0;
		destination_v4(&to, v4.address, v4.port);
	} else if (of_sock == AF_INET6 && family == AF_INET6) {
		struct {
			__u16 family;
			__be16 port;
			__u32 flow;
			struct in6_addr address;
		} v6;

		if (context->args[2] < 24 || bpf_probe_read_user(&v6, sizeof(v6), uaddr))
			return 0;
		destination_v6(&to, &v6.address, v6.port, is_mapped(&v6.address) && is_v6only(sk));
	} else {
		return 0;
	}
	if (emit_start(sk, &to, 0, false))
		CALL_OF(tid) = sk;
	return 0;
}

static __always_inline void call_returned(const struct syscall_trace_exit *context)
{
	long error = -context->ret;

	/* in these cases the attempt goes on, or has been reported as it ended */
	if (error == EINPROGRESS || error == EALREADY || error == EISCONN || error == EINTR || error >= ERESTARTSYS)
		error = 0;
	connect_returned(-error, false);
}

SEC("tracepoint/syscalls/sys_exit_connect")
int tracepoint_call_return(struct syscall_trace_exit *context)
{
	call_returned(context);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_connect")
int tracepoint_call_return_twin(struct syscall_trace_exit *context)
{
	call_returned(context);
	return 0;
}
