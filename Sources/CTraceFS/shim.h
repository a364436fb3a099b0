#ifndef CTRACEFS_SHIM_H
#define CTRACEFS_SHIM_H

#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>

/* tracefs.h names cpu_set_t, which glibc declares only with _GNU_SOURCE; Swift's own view of glibc does without. */
#define cpu_set_t void
#include <tracefs.h>
#undef cpu_set_t
#include <kbuffer.h>

#endif
