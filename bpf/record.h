/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause) */
/*
 * What the hooks and the reader agree on: the records of the ring buffer, and the settings and the loss counter
 * that stand beside it. Included by connect.bpf.c and imported by Swift, so it needs fixed-width types only.
 */
#ifndef TCPCONNLAT_RECORD_H
#define TCPCONNLAT_RECORD_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* What happened. Every record begins with a struct record_header that says which of these it is. */
enum record_kind {
	RECORD_START = 1,	/* a connect began: struct record_start */
	RECORD_RESPONSE = 2,	/* a SYN-ACK (or a crossing SYN) arrived: struct record_end */
	RECORD_RESET = 3,	/* a RST arrived; the RECORD_CLOSE that follows ends the attempt: struct record_end */
	RECORD_CLOSE = 4,	/* the sock left SYN_SENT for CLOSE; error is its sk_err: struct record_end */
	RECORD_FAILED = 5,	/* the connect call of this tid on this sock returned error: struct record_end */
	RECORD_CGROUP = 6,	/* a cgroup was made, before anything can be in it: struct record_cgroup */
};

/* Record flags. */
enum record_flag {
	RECORD_V6_FUNCTION = 1,	/* came from tcp_v6_connect, whatever the address family turned out to be */
	RECORD_IN_CONNECT = 2,	/* RECORD_CLOSE inside a connect call whose return no hook sees: errno unknown */
	RECORD_UID_UNKNOWN = 4,	/* in starts that BPF did not make */
	RECORD_RETRANSMITS_UNKNOWN = 8,	/* in ends that BPF did not make */
	RECORD_MAYBE_REPEATED = 16,	/* another hook may have told this already; what there was to know it by is gone */
};

struct record_header {
	__u64 time;	/* CLOCK_MONOTONIC, ns */
	__u64 sock;	/* address of the struct sock */
	__u32 tid;	/* thread, in the initial pid namespace; 0 where current may not be the connecting task */
	__u8 kind;	/* enum record_kind */
	__u8 ip;	/* 4 or 6; 4 for a v4-mapped address */
	__u8 flags;	/* enum record_flag */
	__u8 pid_high;	/* in starts, see pid_low */
};

/* Addresses are in network byte order as they lie in memory; IPv4 fills the first four bytes, the rest is zero. */
struct record_start {
	struct record_header header;
	__u32 tgid;
	__u32 uid;
	__u32 netns;	/* inode of the network namespace */
	__u16 dport;	/* host byte order */
	__u16 pid_low;	/* with pid_high as bits 16 to 23: tgid in the process's own pid namespace; 0 unknown */
	__u64 cgroup;	/* id in the cgroup v2 hierarchy, or in a v1 one with CGROUP_VERSION_1 */
	__u64 comm[2];	/* task->comm, 16 bytes, NUL padded */
	__u64 daddr[2];
};

struct record_end {
	struct record_header header;
	__u16 sport;	/* host byte order, 0 while the sock has none */
	__u16 dport;	/* host byte order */
	__u16 error;	/* errno, positive */
	__u16 retransmits;	/* SYNs sent again */
	__u64 saddr[2];
	__u64 daddr[2];
};

/* Only time and kind are set in the header. */
struct record_cgroup {
	struct record_header header;
	__u64 cgroup;	/* as in record_start */
	char path[1024];	/* below the root of its hierarchy, NUL terminated; the kernel cuts it to this as well */
};

/* Stands beside the id of a cgroup in the v1 hierarchy of settings.cgroup_controller: ids are unique in one alone. */
#define CGROUP_VERSION_1 (1ull << 62)

/* Which hierarchy of cgroup v1 tells more than a v2 one without groups. */
enum cgroup_controller {
	CGROUP_NO_CONTROLLER,	/* v2 has the groups */
	CGROUP_PIDS,
	CGROUP_MEMORY,
};

/* Settings, written before the programs are loaded. A count of zero means that the list does not filter. */
#define SETTINGS_LIST 16

struct port_range {
	__u16 first, last;
};

struct settings {
	__u32 pids[SETTINGS_LIST];	/* tgids */
	__u32 uids[SETTINGS_LIST];
	__u32 netns[SETTINGS_LIST];
	struct port_range ports[SETTINGS_LIST];
	__u32 pid_count, uid_count, netns_count, port_count;
	__u32 ip;	/* 4, 6, or 0 for both */
	__u32 cgroup_controller;	/* enum cgroup_controller */
	__u32 cgroup_hierarchy;	/* the id of its hierarchy; that of v2 is 0 */
	__u32 own_pids;	/* whether starts tell a process's id in its own pid namespace */
};

/* What the ring buffer had no room for, by kind. Read by user space through a read-only mapping. */
struct losses {
	__u64 starts, ends;
};

#endif
