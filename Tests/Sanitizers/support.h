// What the sanitizers' programs share: random sizes and buffers of exactly the size that is promised.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A generator for each thread, so that threads are told nothing of each other.
static _Thread_local uint64_t random_state = 1;

static inline uint32_t draw(void) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 33);
}
static inline int below(int limit) { return (int)(draw() % (uint32_t)limit); }

static inline float *numbers(size_t count) {
  float *values = malloc(count * sizeof *values);
  for (size_t i = 0; i < count; ++i) values[i] = (float)(below(2001) - 1000) / 1000;
  return values;
}

// At a 64-byte line, its last float before the end of what is allowed.
static inline float *aligned_numbers(size_t count) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, (count ? count : 1) * sizeof(float))) abort();
  float *values = memory;
  for (size_t i = 0; i < count; ++i) values[i] = (float)(below(2001) - 1000) / 1000;
  return values;
}

static inline void *copy_of(const void *bytes, size_t count) {
  void *copy = malloc(count);
  memcpy(copy, bytes, count);
  return copy;
}

static inline void *bytes_of_chance(size_t count) {
  uint8_t *bytes = malloc(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = (uint8_t)draw();
  return bytes;
}
