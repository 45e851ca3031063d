// Stands between a stage and the system: counts the calls that concern the campaign's files, logs them, and disturbs the n-th.
//
// Loaded with LD_PRELOAD and told by the environment what to do:
//   FAULTS_ROOTS  folders (or beginnings of paths), separated by ':'; calls on other files are not seen
//   FAULTS_STATE  a file of 64 bytes, shared by all processes of a case: calls counted, calls disturbed
//   FAULTS_LOG    one line for each call: number, operation, process, result, errno, inode, offset, length, path, second path
//   FAULTS_PLAN   "OPERATIONS FIRST LAST ACTION VALUE": disturb the calls FIRST...LAST among the named operations
// Operations are named as in `names`, separated by ','. What an action does is said in README.md.
//
// The descriptor's path is asked of /proc, so that nothing has to be remembered about duplicates and inheritance.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum operation {
  OPEN_WRITE, OPEN_READ, WRITE, PWRITE, TRUNCATE, ALLOCATE, SYNC, CLOSE, RENAME, LINK, UNLINK, MKDIR, LOCK, MAP, READ, PREAD,
  STAT, OPENDIR, READDIR, SPAWN, PIPE, OPERATIONS
};
static const char *const names[OPERATIONS] = {
  "open-write", "open-read", "write", "pwrite", "truncate", "allocate", "sync", "close", "rename", "link", "unlink", "mkdir",
  "lock", "map", "read", "pread", "stat", "opendir", "readdir", "spawn", "pipe"};

enum action { PASS, FAIL, SHORT, TEAR, KILL, KILL_AFTER, STOP, SIGNAL, SLEEP, DROP, FLIP, MUTTER };
static const char *const actions[] = {
  "pass", "fail", "short", "tear", "kill", "kill-after", "stop", "signal", "sleep", "drop", "flip", "mutter"};

struct state { atomic_int counted, disturbed; };
static struct state alone, *shared = &alone;
static const char *roots, *log_path;
static unsigned wanted;
static int first, last, action, value, is_ready;

struct call {
  enum operation operation;
  int number, hit, descriptor;
  long offset, length;
  char path[PATH_MAX];
  const char *second;
};

__attribute__((constructor)) static void prepare(void) {
  if (is_ready) return;
  is_ready = 1;
  roots = getenv("FAULTS_ROOTS");
  log_path = getenv("FAULTS_LOG");
  const char *state_path = getenv("FAULTS_STATE"), *plan = getenv("FAULTS_PLAN");
  if (state_path) {
    long descriptor = syscall(SYS_openat, AT_FDCWD, state_path, O_RDWR | O_CLOEXEC, 0);
    if (descriptor >= 0) {
      void *map = (void *)syscall(SYS_mmap, 0, 64, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
      if (map != MAP_FAILED) shared = map;
      syscall(SYS_close, descriptor);
    }
  }
  char operations[512], verb[32];
  if (plan && sscanf(plan, "%511s %d %d %31s %d", operations, &first, &last, verb, &value) == 5) {
    for (int index = 0; index < (int)(sizeof actions / sizeof *actions); index++)
      if (!strcmp(verb, actions[index])) action = index;
    char *rest = operations, *word;
    while ((word = strsep(&rest, ",")))
      for (int index = 0; index < OPERATIONS; index++)
        if (!strcmp(word, names[index])) wanted |= 1u << index;
  }
}

static int is_watched(const char *path) {
  if (!roots || !*path) return 0;
  if (path[0] != '/') return !strchr(path, ':');  // the working folder is the case's; "pipe:[1]" is no file
  for (const char *root = roots; *root;) {
    size_t length = strcspn(root, ":");
    if (length && !strncmp(path, root, length)) return 1;
    root += length + (root[length] == ':');
  }
  return 0;
}

// Whether the call is the campaign's concern; then it has its number, and `hit` says whether it is to be disturbed.
static int begin(struct call *call, enum operation operation, const char *path, int descriptor) {
  int before = errno;
  call->operation = operation;
  call->descriptor = descriptor;
  call->number = call->hit = 0;
  call->offset = call->length = 0;
  call->second = "";
  if (path) {
    snprintf(call->path, sizeof call->path, "%s", path);
  } else {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    long count = syscall(SYS_readlinkat, AT_FDCWD, link, call->path, sizeof call->path - 1);
    call->path[count > 0 ? count : 0] = 0;
  }
  errno = before;
  if (!is_ready) prepare();
  if (descriptor == 2 || (operation < SPAWN && !is_watched(call->path)) || !roots) return 0;
  if (wanted >> operation & 1) {
    call->number = atomic_fetch_add(&shared->counted, 1) + 1;
    call->hit = call->number >= first && call->number <= last && action != PASS;
    if (call->hit) atomic_fetch_add(&shared->disturbed, 1);
  }
  return 1;
}

static void note(const struct call *call, long result, const char *what) {
  if (!log_path) return;
  int before = errno;
  struct stat status = {0};
  if (call->descriptor >= 0) syscall(SYS_fstat, call->descriptor, &status);
  else if (call->operation == RENAME || call->operation == LINK)
    syscall(SYS_newfstatat, AT_FDCWD, result == 0 ? call->second : call->path, &status, 0);
  char line[2 * PATH_MAX + 200];
  int count = snprintf(
    line, sizeof line, "%d\t%s\t%d\t%ld\t%d\t%lu\t%ld\t%ld\t%s\t%s\t%s\n", call->number, names[call->operation], getpid(), result,
    result < 0 ? before : 0, (unsigned long)status.st_ino, call->offset, call->length, call->path, call->second, what);
  long descriptor = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    syscall(SYS_write, descriptor, line, (size_t)count);
    syscall(SYS_close, descriptor);
  }
  errno = before;
}

static void die(int number) {
  syscall(SYS_kill, getpid(), number);
  for (;;) pause();
}

// What happens before the call. Returns whether the call fails with `errno` (1) or pretends to have worked (2).
static int disturb(const struct call *call) {
  if (!call->hit) return 0;
  switch (action) {
  case FAIL:
    errno = value;
    note(call, -1, "failed");
    errno = value;
    return 1;
  case DROP: note(call, 0, "dropped"); return 2;
  case KILL: note(call, -1, "killed"); die(value ? value : SIGKILL); return 0;
  case STOP: note(call, -1, "stopped"); syscall(SYS_kill, getpid(), SIGSTOP); return 0;
  case SIGNAL: note(call, -1, "signalled"); syscall(SYS_kill, getpid(), value); return 0;
  case MUTTER: syscall(SYS_write, 2, "one\ntwo\n", 8); return 0;
  case SLEEP: {
    struct timespec time = {value / 1000, value % 1000 * 1000000L};
    nanosleep(&time, NULL);
    return 0;
  }
  default: return 0;
  }
}

static void finish(const struct call *call, long result) {
  note(call, result, call->hit ? "disturbed" : "");
  if (call->hit && (action == KILL_AFTER || action == TEAR)) die(SIGKILL);
}

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) _exit(99);
  return found;
}

// A call that has nothing to be shortened: `path` or `descriptor` says what it concerns.
#define SIMPLE(operation, path, descriptor, second_path, failure, expression) \
  struct call call; \
  if (!begin(&call, operation, path, descriptor)) return expression; \
  call.second = second_path; \
  int verdict = disturb(&call); \
  if (verdict == 1) return failure; \
  if (verdict == 2) return 0; \
  __typeof__(expression) result = expression; \
  finish(&call, (long)result); \
  return result;

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  int (*openat_)(int, const char *, int, ...) = REAL(openat);
  struct call call;
  enum operation operation = flags & (O_WRONLY | O_RDWR | O_CREAT) ? OPEN_WRITE : OPEN_READ;
  if (!begin(&call, operation, path, -1)) return openat_(folder, path, flags, mode);
  if (disturb(&call) == 1) return -1;
  call.descriptor = openat_(folder, path, flags, mode);
  call.length = flags;
  finish(&call, call.descriptor);
  return call.descriptor;
}

#define OPEN(folder) \
  { \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
      va_list rest; \
      va_start(rest, flags); \
      mode = va_arg(rest, mode_t); \
      va_end(rest); \
    } \
    return open_at(folder, path, flags, mode); \
  }
int open(const char *path, int flags, ...) OPEN(AT_FDCWD)
int openat(int folder, const char *path, int flags, ...) OPEN(folder)

// Writes and reads: the length may be cut, and a written bit may be turned.
#define TRANSFER(operation, name, place, constant, ...) \
  ssize_t (*call_)(int, constant void *, size_t __VA_ARGS__) = REAL(name); \
  struct call call; \
  if (!begin(&call, operation, NULL, descriptor)) return call_(descriptor, bytes, count PASSED(__VA_ARGS__)); \
  call.offset = place; \
  call.length = (long)count; \
  int verdict = disturb(&call); \
  if (verdict == 1) return -1; \
  if (verdict == 2) return (ssize_t)count; \
  if (call.hit && (action == SHORT || action == TEAR) && count > 1) count /= 2;
#define PASSED(...) __VA_OPT__(, offset)

static ssize_t finish_transfer(struct call *call, ssize_t result) {
  call->length = result;
  finish(call, result);
  return result;
}

static void *flipped(const void *bytes, size_t count) {
  unsigned char *copy = malloc(count);
  if (!copy) _exit(99);
  memcpy(copy, bytes, count);
  copy[count / 2] ^= 4;
  return copy;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  TRANSFER(WRITE, write, lseek(descriptor, 0, SEEK_CUR), const)
  void *lie = call.hit && action == FLIP && count ? flipped(bytes, count) : NULL;
  ssize_t result = finish_transfer(&call, call_(descriptor, lie ? lie : bytes, count));
  free(lie);
  return result;
}
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  TRANSFER(PWRITE, pwrite, offset, const, , off_t)
  void *lie = call.hit && action == FLIP && count ? flipped(bytes, count) : NULL;
  ssize_t result = finish_transfer(&call, call_(descriptor, lie ? lie : bytes, count, offset));
  free(lie);
  return result;
}
ssize_t read(int descriptor, void *bytes, size_t count) {
  TRANSFER(READ, read, 0, )
  return finish_transfer(&call, call_(descriptor, bytes, count));
}
ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
  TRANSFER(PREAD, pread, offset, , , off_t)
  return finish_transfer(&call, call_(descriptor, bytes, count, offset));
}
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  SIMPLE(WRITE, NULL, descriptor, "", -1, REAL(writev)(descriptor, parts, count))
}
ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
  SIMPLE(PWRITE, NULL, descriptor, "", -1, REAL(pwritev)(descriptor, parts, count, offset))
}

int ftruncate(int descriptor, off_t length) {
  SIMPLE(TRUNCATE, NULL, descriptor, "", -1, REAL(ftruncate)(descriptor, length))
}
int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  SIMPLE(ALLOCATE, NULL, descriptor, "", -1, REAL(fallocate)(descriptor, mode, offset, length))
}
int posix_fallocate(int descriptor, off_t offset, off_t length) {
  SIMPLE(ALLOCATE, NULL, descriptor, "", value, REAL(posix_fallocate)(descriptor, offset, length))
}
int fsync(int descriptor) { SIMPLE(SYNC, NULL, descriptor, "", -1, REAL(fsync)(descriptor)) }
int syncfs(int descriptor) { SIMPLE(SYNC, NULL, descriptor, "everything", -1, REAL(syncfs)(descriptor)) }
int fdatasync(int descriptor) { SIMPLE(SYNC, NULL, descriptor, "", -1, REAL(fdatasync)(descriptor)) }

int close(int descriptor) {
  int (*close_)(int) = REAL(close);
  struct call call;
  if (!begin(&call, CLOSE, NULL, descriptor)) return close_(descriptor);
  int verdict = disturb(&call);
  // The descriptor is gone also where close fails: that is what Linux does.
  int result = close_(descriptor);
  if (verdict == 1) {
    errno = value;
    return -1;
  }
  call.descriptor = -1;
  finish(&call, result);
  return result;
}

int rename(const char *path, const char *name) { SIMPLE(RENAME, path, -1, name, -1, REAL(rename)(path, name)) }
int renameat(int from, const char *path, int to, const char *name) {
  SIMPLE(RENAME, path, -1, name, -1, REAL(renameat)(from, path, to, name))
}
int renameat2(int from, const char *path, int to, const char *name, unsigned flags) {
  SIMPLE(RENAME, path, -1, name, -1, REAL(renameat2)(from, path, to, name, flags))
}
int link(const char *path, const char *name) { SIMPLE(LINK, path, -1, name, -1, REAL(link)(path, name)) }
int linkat(int from, const char *path, int to, const char *name, int flags) {
  SIMPLE(LINK, path, -1, name, -1, REAL(linkat)(from, path, to, name, flags))
}
int symlink(const char *path, const char *name) { SIMPLE(LINK, name, -1, path, -1, REAL(symlink)(path, name)) }
int unlink(const char *path) { SIMPLE(UNLINK, path, -1, "", -1, REAL(unlink)(path)) }
int rmdir(const char *path) { SIMPLE(UNLINK, path, -1, "", -1, REAL(rmdir)(path)) }
int mkdir(const char *path, mode_t mode) { SIMPLE(MKDIR, path, -1, "", -1, REAL(mkdir)(path, mode)) }
int flock(int descriptor, int how) { SIMPLE(LOCK, NULL, descriptor, "", -1, REAL(flock)(descriptor, how)) }

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
  // The loader and malloc call before anything is ready; they map no file of ours.
  if (descriptor < 0) return (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
  struct call call;
  int is_ours = begin(&call, MAP, NULL, descriptor);
  if (is_ours && disturb(&call) == 1) return MAP_FAILED;
  void *result = (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
  if (is_ours) finish(&call, result == MAP_FAILED ? -1 : 0);
  return result;
}

int stat(const char *path, struct stat *status) { SIMPLE(STAT, path, -1, "", -1, REAL(stat)(path, status)) }
int lstat(const char *path, struct stat *status) { SIMPLE(STAT, path, -1, "", -1, REAL(lstat)(path, status)) }
int fstat(int descriptor, struct stat *status) { SIMPLE(STAT, NULL, descriptor, "", -1, REAL(fstat)(descriptor, status)) }
int fstatat(int folder, const char *path, struct stat *status, int flags) {
  SIMPLE(STAT, path, -1, "", -1, REAL(fstatat)(folder, path, status, flags))
}

int fstatvfs(int descriptor, struct statvfs *space) {
  SIMPLE(STAT, NULL, descriptor, "", -1, REAL(fstatvfs)(descriptor, space))
}
ssize_t readlink(const char *path, char *link, size_t count) {
  SIMPLE(STAT, path, -1, "", -1, REAL(readlink)(path, link, count))
}

int posix_spawn(
  pid_t *child, const char *path, const posix_spawn_file_actions_t *steps, const posix_spawnattr_t *attributes,
  char *const words[], char *const environment[]) {
  SIMPLE(SPAWN, path, -1, "", value, REAL(posix_spawn)(child, path, steps, attributes, words, environment))
}
int pipe(int ends[2]) { SIMPLE(PIPE, "pipe", -1, "", -1, REAL(pipe)(ends)) }

DIR *fdopendir(int descriptor) {
  DIR *(*fdopendir_)(int) = REAL(fdopendir);
  struct call call;
  if (!begin(&call, OPENDIR, NULL, descriptor)) return fdopendir_(descriptor);
  if (disturb(&call) == 1) return NULL;
  DIR *result = fdopendir_(descriptor);
  finish(&call, result ? 0 : -1);
  return result;
}
DIR *opendir(const char *path) {
  DIR *(*opendir_)(const char *) = REAL(opendir);
  struct call call;
  if (!begin(&call, OPENDIR, path, -1)) return opendir_(path);
  if (disturb(&call) == 1) return NULL;
  DIR *result = opendir_(path);
  finish(&call, result ? 0 : -1);
  return result;
}
struct dirent *readdir(DIR *folder) {
  struct dirent *(*readdir_)(DIR *) = REAL(readdir);
  struct call call;
  if (!begin(&call, READDIR, NULL, dirfd(folder))) return readdir_(folder);
  if (disturb(&call) == 1) return NULL;
  struct dirent *result = readdir_(folder);
  finish(&call, result ? 1 : 0);
  return result;
}

// The names that programs built for large files use: on 64-bit machines the same functions.
#define ALSO(name, other) __asm__(".globl " #name "\n.type " #name ", @function\n.set " #name ", " #other)
ALSO(open64, open);
ALSO(openat64, openat);
ALSO(pwrite64, pwrite);
ALSO(pread64, pread);
ALSO(ftruncate64, ftruncate);
ALSO(fallocate64, fallocate);
ALSO(posix_fallocate64, posix_fallocate);
ALSO(mmap64, mmap);
ALSO(stat64, stat);
ALSO(lstat64, lstat);
ALSO(fstat64, fstat);
ALSO(fstatvfs64, fstatvfs);
ALSO(fstatat64, fstatat);
ALSO(readdir64, readdir);
