#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "CSystem.h"

int captioneer_claim(int descriptor, int64_t count) {
  int status;
  do status = fallocate(descriptor, 0, 0, count);
  while (status != 0 && errno == EINTR);
  return status;
}

int captioneer_synchronize_disk(int descriptor) { return syncfs(descriptor); }
