#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "CSystem.h"

// A watched map. Nodes are put into the list once and stay there, to be used again: the handler may walk it at any moment.
typedef struct watch {
  _Atomic(uintptr_t) base;  // 0 while nobody uses the node
  _Atomic(size_t) count;
  _Atomic(char *) path;
  struct watch *next;
} watch;

static _Atomic(watch *) first;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before;
static const char *stage = "";

static void say(const char *text) {
  size_t count = strlen(text);
  while (count > 0) {
    ssize_t step = write(2, text, count);
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) return;
    text += step;
    count -= (size_t)step;
  }
}

// Async-signal-safe: atomic loads, strlen, write, _exit.
static void on_bus_error(int number, siginfo_t *information, void *context) {
  (void)context;
  uintptr_t place = (uintptr_t)information->si_addr;
  // Positive codes come from the kernel; anyone may send the signal.
  for (watch *each = information->si_code > 0 ? atomic_load(&first) : NULL; each; each = each->next) {
    uintptr_t base = atomic_load(&each->base);
    if (base == 0 || place < base || place - base >= atomic_load(&each->count)) continue;
    char *path = atomic_load(&each->path);
    say(stage);
    say(": ");
    say(path ? path : "an input");
    say(": was cut short while it was read, or its disk fails; let nobody change inputs while they are used, "
        "and run the command again\n");
    _exit(1);
  }
  // Not ours: what would have happened happens, when the instruction is tried again or the signal is sent again.
  sigaction(SIGBUS, &before, NULL);
  if (information->si_code <= 0) raise(number);
}

static void install(void) {
  stage = program_invocation_short_name;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}

void *captioneer_watch_map(const void *base, size_t count, const char *path) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  char *copy = strdup(path);
  pthread_mutex_lock(&mutex);
  watch *node = atomic_load(&first);
  while (node && atomic_load(&node->base) != 0) node = node->next;
  if (!node && (node = calloc(1, sizeof *node))) {
    node->next = atomic_load(&first);
    atomic_store(&first, node);
  }
  if (node) {
    atomic_store(&node->path, copy);
    atomic_store(&node->count, count);
    atomic_store(&node->base, (uintptr_t)base);
  } else {
    free(copy);
  }
  pthread_mutex_unlock(&mutex);
  return node;
}

void captioneer_unwatch_map(void *pointer) {
  watch *node = pointer;
  if (!node) return;
  pthread_mutex_lock(&mutex);
  atomic_store(&node->base, 0);
  free(atomic_exchange(&node->path, NULL));
  pthread_mutex_unlock(&mutex);
}
