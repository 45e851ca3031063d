// What Linux can do with processes and Swift's Glibc doesn't show.
#pragma once

/// How many processors are in the affinity mask of this process. At least 1.
int captioneer_processors_in_mask(void);
