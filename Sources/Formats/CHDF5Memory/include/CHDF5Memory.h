// A file driver for libhdf5 whose files are memory of ours: pages that were written, or bytes that somebody has mapped.
//
// libhdf5 doesn't report every failed write, and may crash after one that it was told of. So writing always succeeds for libhdf5;
// what could not be kept is remembered here, and the owner asks. All calls but the last release under libhdf5's lock.
#pragma once
#include <hdf5.h>
#include <stddef.h>

typedef struct captioneer_hdf5_memory captioneer_hdf5_memory;

/// An empty file that may hold `most` bytes of pages. Pages that were never written cost nothing and read as zeros. NULL where memory is
/// short.
captioneer_hdf5_memory *captioneer_hdf5_memory_create(size_t most);
/// A file for reading over `count` bytes that must stay in place until `captioneer_hdf5_memory_release`.
captioneer_hdf5_memory *captioneer_hdf5_memory_over(const void *bytes, size_t count);
void captioneer_hdf5_memory_release(captioneer_hdf5_memory *memory);

/// Makes files that are opened by `access`, a file access property list, this one: 0, or -1.
int captioneer_hdf5_memory_select(captioneer_hdf5_memory *memory, hid_t access);

/// Whether anything that libhdf5 wrote could not be kept. Never becomes untrue again.
int captioneer_hdf5_memory_has_failed(const captioneer_hdf5_memory *memory);
/// Whether libhdf5 still has the file open.
int captioneer_hdf5_memory_is_open(const captioneer_hdf5_memory *memory);
/// The file's length.
size_t captioneer_hdf5_memory_size(const captioneer_hdf5_memory *memory);
/// Copies `count` bytes from `offset` on; zeros beyond the end.
void captioneer_hdf5_memory_read(const captioneer_hdf5_memory *memory, size_t offset, size_t count, void *target);
