// What Linux can do and Swift's Glibc doesn't show, and the one signal handler that has to read our own data.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// `fallocate` of the first `count` bytes: 0, or -1 and errno. Unlike `posix_fallocate` it never writes zeros in place of reserving.
int captioneer_claim(int descriptor, int64_t count);

/// `syncfs`: 0, or -1 and errno.
int captioneer_synchronize_disk(int descriptor);

/// Watches a map of `count` bytes at `base` of the file `path`: where its pages can't be read any more, because the file was cut or its
/// disk fails, the process says so in one line and ends with code 1. A SIGBUS anywhere else keeps its meaning.
///
/// - Returns: what `captioneer_unwatch_map` takes; NULL where memory is short, and the map is not watched.
void *captioneer_watch_map(const void *base, size_t count, const char *path);
void captioneer_unwatch_map(void *watch);
