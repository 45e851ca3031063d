// The C beside the owners of formats and files: pictures whole, cut and damaged, HDF5 files in memory, watched maps, alone and in
// threads. Only the sanitizers and the codes judge.
//
// usage: owners ROUNDS      Built with a sanitizer by run.sh.
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "CHDF5Memory.h"
#include "CJPEG.h"
#include "CProcesses.h"
#include "CSystem.h"
#include "support.h"

static _Atomic int failures, pictures, files, maps;

static void expect(int holds, const char *what) {
  if (holds) return;
  printf("owners: %s\n", what);
  ++failures;
}

static captioneer_jpeg_status decode(captioneer_jpeg_decoder *decoder, const uint8_t *bytes, size_t count, int denominator) {
  const captioneer_jpeg_limits limits = {1 << 22, 40, 1 << 24, 1 << 28};
  uint8_t *exact = copy_of(bytes, count);
  captioneer_jpeg_status status = captioneer_jpeg_open(decoder, exact, count, limits);
  if (!status) status = captioneer_jpeg_scale(decoder, denominator);
  if (!status) status = captioneer_jpeg_start(decoder, 0);
  if (!status) {
    const int width = captioneer_jpeg_output_width(decoder), height = captioneer_jpeg_output_height(decoder);
    const size_t stride = (size_t)width * (captioneer_jpeg_components(decoder) == 4 ? 4 : 3);
    uint8_t *rows = malloc(stride * (size_t)height);
    for (int row = 0; row < height && !status;) {
      const int step = 1 + below(20) < height - row ? 1 : height - row;
      status = captioneer_jpeg_read(decoder, rows + (size_t)row * stride, stride, step);
      row += step;
    }
    if (!status) status = captioneer_jpeg_finish(decoder);
    free(rows);
  }
  expect(strlen(captioneer_jpeg_message(decoder)) < 300 && strlen(captioneer_jpeg_warning(decoder)) < 300, "endless words");
  free(exact);
  ++pictures;
  return status;
}

static void picture(captioneer_jpeg_decoder *decoder) {
  const int width = 1 + below(90), height = 1 + below(70);
  uint8_t *pixels = bytes_of_chance((size_t)(3 * width * height)), *bytes = NULL;
  size_t count = 0;
  char message[200];
  expect(!captioneer_jpeg_encode(pixels, width, height, 1 + below(100), &bytes, &count, message), "a picture isn't encoded");
  expect(!decode(decoder, bytes, count, 1 << below(4)), "a whole picture isn't decoded");
  decode(decoder, bytes, (size_t)below((int)count), 1);
  for (int damage = 1 + below(6); damage > 0; --damage) bytes[below((int)count)] = (uint8_t)draw();
  decode(decoder, bytes, count, 1 << below(4));
  free(pixels);
  captioneer_jpeg_free(bytes);
}

// libhdf5 itself isn't safe to threads: this is for one.
static void hdf5_file(void) {
  const hsize_t count = 1 + (hsize_t)below(20000);
  captioneer_hdf5_memory *memory = captioneer_hdf5_memory_create(below(4) ? 1 << 22 : 1 << 13);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  expect(captioneer_hdf5_memory_select(memory, access) == 0, "the driver isn't taken");
  hid_t file = H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access), space = H5Screate_simple(1, &count, NULL);
  hid_t dataset = H5Dcreate2(file, "numbers", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  float *values = numbers((size_t)count);
  H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(dataset), H5Sclose(space), H5Fclose(file), H5Pclose(access);
  expect(!captioneer_hdf5_memory_is_open(memory), "a closed file is open");
  if (!captioneer_hdf5_memory_has_failed(memory)) {
    const size_t size = captioneer_hdf5_memory_size(memory);
    uint8_t *bytes = malloc(size + 9);
    captioneer_hdf5_memory_read(memory, 0, size + 9, bytes);
    uint8_t *exact = copy_of(bytes, size);
    free(bytes);
    captioneer_hdf5_memory *over = captioneer_hdf5_memory_over(exact, size);
    access = H5Pcreate(H5P_FILE_ACCESS);
    captioneer_hdf5_memory_select(over, access);
    file = H5Fopen("memory", H5F_ACC_RDONLY, access);
    dataset = H5Dopen2(file, "numbers", H5P_DEFAULT);
    float *found = malloc((size_t)count * sizeof *found);
    H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, found);
    expect(!memcmp(found, values, (size_t)count * sizeof *found), "HDF5 gives other numbers back");
    H5Dclose(dataset), H5Fclose(file), H5Pclose(access);
    captioneer_hdf5_memory_release(over);
    free(found), free(exact);
  }
  captioneer_hdf5_memory_release(memory);
  free(values);
  ++files;
}

static int rounds;

static void *in_thread(void *number) {
  random_state = 77 + (uint64_t)(intptr_t)number;
  captioneer_jpeg_decoder *decoder = captioneer_jpeg_create();
  for (int round = 0; round < rounds; ++round) {
    picture(decoder);
    char path[40];
    snprintf(path, sizeof path, "file %d", below(1000));
    void *bytes = malloc(64), *watch = captioneer_watch_map(bytes, 64, path);
    expect(watch != NULL && captioneer_processors_in_mask() >= 1, "no watch");
    captioneer_unwatch_map(watch);
    free(bytes);
    ++maps;
  }
  captioneer_jpeg_destroy(decoder);
  return NULL;
}

int main(int count, char **arguments) {
  rounds = count > 1 ? atoi(arguments[1]) : 100;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  for (int round = 0; round < rounds; ++round) hdf5_file();
  H5close();
  pthread_t threads[4];
  for (intptr_t i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, in_thread, (void *)i);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  FILE *file = tmpfile();
  expect(file && captioneer_synchronize_disk(fileno(file)) == 0, "syncfs fails");
  if (file) captioneer_claim(fileno(file), 4096), fclose(file);
  printf("owners: %d pictures and %d watched maps in 4 threads, %d HDF5 files: %s\n", pictures, maps, files,
         failures ? "WRONG" : "right");
  return failures != 0;
}
