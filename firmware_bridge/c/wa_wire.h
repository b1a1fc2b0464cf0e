/* Bytes of the bridge: little-endian numbers, the CRC, framing for serial lines. */
#ifndef WA_WIRE_H
#define WA_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wa_bridge_table.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WA_CRC_SIZE 2

void wa_put16(uint8_t *at, uint16_t value);
void wa_put32(uint8_t *at, uint32_t value);
uint16_t wa_get16(const uint8_t *at);
uint32_t wa_get32(const uint8_t *at);

/* CRC-16/CCITT-FALSE. */
uint16_t wa_crc16(const uint8_t *bytes, size_t length);

/* Write the CRC behind `length` bytes; gives the length with it. */
size_t wa_seal(uint8_t *bytes, size_t length);

/* Whether a message ends with its CRC. */
bool wa_intact(const uint8_t *bytes, size_t length);

/* Bytes that stuffing a message of `length` bytes needs at most, without the zero that ends it. */
#define WA_COBS_ROOM(length) ((length) + (length) / 254 + 1)

/* Stuff a message so that it holds no zero (Cheshire and Baker 1999, doi 10.1109/90.769765).
   `out` has WA_COBS_ROOM(length) bytes and doesn't overlap `in`; gives the stuffed length. */
size_t wa_cobs_encode(const uint8_t *in, size_t length, uint8_t *out);

/* Undo it. False where it can't be a stuffed message, or is longer than `room`. */
bool wa_cobs_decode(const uint8_t *in, size_t length, uint8_t *out, size_t room, size_t *decoded);

/* A serial line on which commands come, byte by byte. Begin with all zeros. */
typedef struct {
    uint8_t held[WA_COBS_ROOM(WA_MAX_COMMAND) + 1];
    size_t length;
} wa_line;

/* Take a byte. Gives the length of the message that it completes, which is in `message` then
   (WA_MAX_COMMAND bytes of room); 0 where there is none. */
size_t wa_line_feed(wa_line *line, uint8_t byte, uint8_t *message);

#ifdef __cplusplus
}
#endif

#endif
