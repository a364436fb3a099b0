#ifndef CLIBBPF_SHIM_H
#define CLIBBPF_SHIM_H

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>

/* Swift imports neither va_list callbacks nor variadic functions: libbpf's messages arrive here as finished text. */
typedef void (*clibbpf_message)(int level, const char *text);

static inline clibbpf_message *clibbpf_receiver(void) {
  static clibbpf_message receiver;
  return &receiver;
}

static inline int clibbpf_print(enum libbpf_print_level level, const char *format, va_list arguments) {
  /* the hundreds of lines about relocations are worth their time to nobody */
  if (level == LIBBPF_DEBUG)
    return 0;
  /* a verifier's log is one message of many kilobytes */
  const int size = 1 << 18;
  char *lines = malloc(size);
  int length = lines ? vsnprintf(lines, size, format, arguments) : -1;
  if (length >= 0 && *clibbpf_receiver())
    (*clibbpf_receiver())((int)level, lines);
  free(lines);
  return length;
}

static inline void clibbpf_set_receiver(clibbpf_message receiver) {
  *clibbpf_receiver() = receiver;
  libbpf_set_print(receiver ? clibbpf_print : NULL);
}

#endif
