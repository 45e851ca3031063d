#include "CHDF5Memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { page_size = 4096, free_place = 0 };

// A written page; its number is kept plus one, so that 0 means a free place.
typedef struct {
  uint64_t key;
  uint8_t *bytes;
} page;

struct captioneer_hdf5_memory {
  const uint8_t *mapped;  // NULL for a file that is written
  page *table;            // open addressing, at most half full
  size_t places, pages, most;
  haddr_t end;            // of the file
  _Atomic int owners;
  int is_open, has_failed;
};

// libhdf5's part of an open file comes first.
typedef struct {
  H5FD_t shared;
  captioneer_hdf5_memory *memory;
  haddr_t end_of_addresses;
} open_file;

static page *place_of(const captioneer_hdf5_memory *memory, uint64_t number) {
  uint64_t hash = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
  size_t place = (size_t)(hash >> 32) & (memory->places - 1);
  while (memory->table[place].key != free_place && memory->table[place].key != number + 1)
    place = (place + 1) & (memory->places - 1);
  return &memory->table[place];
}

static const uint8_t *page_for_reading(const captioneer_hdf5_memory *memory, uint64_t number) {
  return memory->places ? place_of(memory, number)->bytes : NULL;
}

static int grow(captioneer_hdf5_memory *memory) {
  captioneer_hdf5_memory larger = {.places = memory->places ? 2 * memory->places : 64};
  larger.table = calloc(larger.places, sizeof(page));
  if (!larger.table) return -1;
  for (size_t each = 0; each < memory->places; each++)
    if (memory->table[each].key != free_place) *place_of(&larger, memory->table[each].key - 1) = memory->table[each];
  free(memory->table);
  memory->table = larger.table;
  memory->places = larger.places;
  return 0;
}

static uint8_t *page_for_writing(captioneer_hdf5_memory *memory, uint64_t number) {
  if (2 * (memory->pages + 1) > memory->places && grow(memory) != 0) return NULL;
  page *place = place_of(memory, number);
  if (place->key == free_place) {
    if (memory->pages >= memory->most / page_size) return NULL;
    uint8_t *bytes = calloc(1, page_size);
    if (!bytes) return NULL;
    place->key = number + 1;
    place->bytes = bytes;
    memory->pages++;
  }
  return place->bytes;
}

static captioneer_hdf5_memory *make(void) {
  captioneer_hdf5_memory *memory = calloc(1, sizeof *memory);
  if (memory) memory->owners = 1;
  return memory;
}

captioneer_hdf5_memory *captioneer_hdf5_memory_create(size_t most) {
  captioneer_hdf5_memory *memory = make();
  if (memory) memory->most = most;
  return memory;
}

captioneer_hdf5_memory *captioneer_hdf5_memory_over(const void *bytes, size_t count) {
  captioneer_hdf5_memory *memory = make();
  if (memory) {
    memory->mapped = bytes ? bytes : (const void *)"";
    memory->end = count;
  }
  return memory;
}

void captioneer_hdf5_memory_release(captioneer_hdf5_memory *memory) {
  if (!memory || --memory->owners > 0) return;
  for (size_t each = 0; each < memory->places; each++) free(memory->table[each].bytes);
  free(memory->table);
  free(memory);
}

int captioneer_hdf5_memory_has_failed(const captioneer_hdf5_memory *memory) { return memory->has_failed; }
int captioneer_hdf5_memory_is_open(const captioneer_hdf5_memory *memory) { return memory->is_open; }
size_t captioneer_hdf5_memory_size(const captioneer_hdf5_memory *memory) { return (size_t)memory->end; }

void captioneer_hdf5_memory_read(const captioneer_hdf5_memory *memory, size_t offset, size_t count, void *target) {
  uint8_t *next = target;
  if (memory->mapped) {
    size_t held = offset < memory->end ? (size_t)memory->end - offset : 0;
    if (held > count) held = count;
    if (held) memcpy(next, memory->mapped + offset, held);
    memset(next + held, 0, count - held);
    return;
  }
  while (count > 0) {
    size_t start = offset % page_size, step = page_size - start < count ? page_size - start : count;
    const uint8_t *bytes = page_for_reading(memory, offset / page_size);
    if (bytes)
      memcpy(next, bytes + start, step);
    else
      memset(next, 0, step);
    next += step;
    offset += step;
    count -= step;
  }
}

// The driver.

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access, haddr_t most) {
  (void)name, (void)most;
  captioneer_hdf5_memory *const *chosen = H5Pget_driver_info(access);
  if (!chosen || !*chosen || (*chosen)->is_open) return NULL;
  // Bytes that are somebody else's can't be written.
  if ((*chosen)->mapped && (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT))) return NULL;
  open_file *file = calloc(1, sizeof *file);
  if (!file) return NULL;
  file->memory = *chosen;
  file->memory->owners++;
  file->memory->is_open = 1;
  return &file->shared;
}

static herr_t driver_close(H5FD_t *shared) {
  open_file *file = (open_file *)shared;
  file->memory->is_open = 0;
  captioneer_hdf5_memory_release(file->memory);
  free(file);
  return 0;
}

static int driver_compare(const H5FD_t *one, const H5FD_t *other) {
  uintptr_t first = (uintptr_t)((const open_file *)one)->memory, second = (uintptr_t)((const open_file *)other)->memory;
  return first < second ? -1 : first > second;
}

// Those of libhdf5's own driver for files that have to do with where things are put.
static herr_t driver_query(const H5FD_t *shared, unsigned long *flags) {
  (void)shared;
  if (flags)
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

static haddr_t driver_get_eoa(const H5FD_t *shared, H5FD_mem_t type) {
  (void)type;
  return ((const open_file *)shared)->end_of_addresses;
}

static herr_t driver_set_eoa(H5FD_t *shared, H5FD_mem_t type, haddr_t address) {
  (void)type;
  ((open_file *)shared)->end_of_addresses = address;
  return 0;
}

static haddr_t driver_get_eof(const H5FD_t *shared, H5FD_mem_t type) {
  (void)type;
  return ((const open_file *)shared)->memory->end;
}

// Whether the range lies within what libhdf5 says the file has.
static int is_within(const open_file *file, haddr_t address, size_t count) {
  return address != HADDR_UNDEF && address <= file->end_of_addresses && count <= file->end_of_addresses - address;
}

static herr_t driver_read(H5FD_t *shared, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t count,
                          void *target) {
  (void)type, (void)transfer;
  open_file *file = (open_file *)shared;
  if (!is_within(file, address, count)) return -1;
  captioneer_hdf5_memory_read(file->memory, (size_t)address, count, target);
  return 0;
}

static herr_t driver_write(H5FD_t *shared, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t count,
                           const void *source) {
  (void)type, (void)transfer;
  open_file *file = (open_file *)shared;
  captioneer_hdf5_memory *memory = file->memory;
  const uint8_t *next = source;
  if (memory->mapped || !is_within(file, address, count)) {
    memory->has_failed = 1;
    return 0;
  }
  while (count > 0) {
    size_t start = (size_t)(address % page_size), step = page_size - start < count ? page_size - start : count;
    uint8_t *bytes = page_for_writing(memory, address / page_size);
    if (bytes)
      memcpy(bytes + start, next, step);
    else
      memory->has_failed = 1;
    next += step;
    address += step;
    count -= step;
    if (address > memory->end) memory->end = address;
  }
  return 0;
}

// Makes the file as long as libhdf5's addresses reach; what is cut off is gone.
static herr_t driver_truncate(H5FD_t *shared, hid_t transfer, hbool_t closing) {
  (void)transfer, (void)closing;
  open_file *file = (open_file *)shared;
  captioneer_hdf5_memory *memory = file->memory;
  if (memory->mapped) return 0;
  haddr_t end = file->end_of_addresses;
  for (size_t each = 0; end < memory->end && each < memory->places; each++) {
    page *cut = &memory->table[each];
    if (cut->key == free_place) continue;
    haddr_t start = (cut->key - 1) * page_size;
    if (start + page_size <= end) continue;
    size_t kept = start < end ? (size_t)(end - start) : 0;
    memset(cut->bytes + kept, 0, page_size - kept);
  }
  memory->end = end;
  return 0;
}

static const H5FD_class_t driver = {
#ifdef H5FD_CLASS_VERSION
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)511,
#endif
    .name = "captioneer memory",
    .maxaddr = ((haddr_t)1 << (8 * sizeof(haddr_t) - 1)) - 1,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(captioneer_hdf5_memory *),
    .open = driver_open,
    .close = driver_close,
    .cmp = driver_compare,
    .query = driver_query,
    .get_eoa = driver_get_eoa,
    .set_eoa = driver_set_eoa,
    .get_eof = driver_get_eof,
    .read = driver_read,
    .write = driver_write,
    .truncate = driver_truncate,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

int captioneer_hdf5_memory_select(captioneer_hdf5_memory *memory, hid_t access) {
  static hid_t identifier = -1;
  if (identifier < 0) identifier = H5FDregister(&driver);
  return identifier >= 0 && H5Pset_driver(access, identifier, &memory) >= 0 ? 0 : -1;
}
