// What Linux can do with processes and Swift's Glibc doesn't show.
#pragma once

/// How many processors are in the affinity mask of this process. At least 1.
int captioneer_processors_in_mask(void);

/// A pipe whose two ends are closed in every program that is started, from the first moment. 0, or -1 with errno.
int captioneer_pipe(int ends[2]);
