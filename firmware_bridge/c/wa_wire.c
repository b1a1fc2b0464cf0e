#include "wa_wire.h"

void wa_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value & 0xFFU);
    at[1] = (uint8_t)(value >> 8);
}

void wa_put32(uint8_t *at, uint32_t value)
{
    wa_put16(at, (uint16_t)(value & 0xFFFFU));
    wa_put16(at + 2, (uint16_t)(value >> 16));
}

uint16_t wa_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t wa_get32(const uint8_t *at)
{
    return wa_get16(at) | (uint32_t)wa_get16(at + 2) << 16;
}

uint16_t wa_crc16(const uint8_t *bytes, size_t length)
{
    /* four bits at a time: 32 bytes of table, a quarter of the time of the bitwise loop */
    static const uint16_t nibble[16] = {
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7,
        0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF,
    };
    uint32_t crc = WA_CRC_START;
    for (size_t i = 0; i < length; i++) {
        crc = (crc << 4 & 0xFFFFU) ^ nibble[(crc >> 12) ^ (bytes[i] >> 4)];
        crc = (crc << 4 & 0xFFFFU) ^ nibble[(crc >> 12) ^ (bytes[i] & 0x0FU)];
    }
    return (uint16_t)crc;
}

size_t wa_seal(uint8_t *bytes, size_t length)
{
    wa_put16(bytes + length, wa_crc16(bytes, length));
    return length + WA_CRC_SIZE;
}

bool wa_intact(const uint8_t *bytes, size_t length)
{
    if (length < WA_CRC_SIZE) {
        return false;
    }
    size_t body = length - WA_CRC_SIZE;
    return wa_crc16(bytes, body) == wa_get16(bytes + body);
}

size_t wa_cobs_encode(const uint8_t *in, size_t length, uint8_t *out)
{
    size_t code = 0, at = 1; /* where the length of the block stands, and where its next byte goes */
    for (size_t i = 0; i < length; i++) {
        if (at - code == 255) { /* 254 bytes without a zero: a block that stands for none */
            out[code] = 255;
            code = at++;
        }
        if (in[i] == 0) {
            out[code] = (uint8_t)(at - code);
            code = at++;
        } else {
            out[at++] = in[i];
        }
    }
    out[code] = (uint8_t)(at - code);
    return at;
}

bool wa_cobs_decode(const uint8_t *in, size_t length, uint8_t *out, size_t room, size_t *decoded)
{
    size_t at = 0, n = 0;
    while (at < length) {
        size_t code = in[at++];
        if (code == 0 || code - 1 > length - at || code - 1 > room - n) {
            return false;
        }
        for (size_t i = 1; i < code; i++) {
            out[n++] = in[at++];
        }
        if (code < 255 && at < length) {
            if (n == room) {
                return false;
            }
            out[n++] = 0;
        }
    }
    *decoded = n;
    return true;
}

size_t wa_line_feed(wa_line *line, uint8_t byte, uint8_t *message)
{
    size_t n = 0;
    if (byte != 0) {
        if (line->length < sizeof line->held) { /* one byte too many shows that there are */
            line->held[line->length++] = byte;
        }
        return 0;
    }
    bool fits = line->length < sizeof line->held;
    bool whole = fits && wa_cobs_decode(line->held, line->length, message, WA_MAX_COMMAND, &n);
    line->length = 0;
    return whole ? n : 0;
}
