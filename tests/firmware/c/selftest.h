#ifndef SELFTEST_H
#define SELFTEST_H

#include <stdint.h>

/* 0, or the line of the check that failed. */
int selftest(void);

/* Work to be measured: frames of 38 samples of three 16-bit channels, 242 bytes.
   Give the bytes of the last frame sent, and the samples of the last one read. */
uint32_t encode_frames(uint32_t n_frames);
uint32_t decode_frames(uint32_t n_frames);

#endif
