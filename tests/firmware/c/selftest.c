/* The golden bytes through the C: on the host under sanitizers, and on a Cortex-M4. */
#include <string.h>

#include "golden.h" /* written by the test from firmware_bridge/golden */
#include "selftest.h"
#include "wa_bridge.h"

#define CHECK(condition)     \
    do {                     \
        if (!(condition)) {  \
            return __LINE__; \
        }                    \
    } while (0)

static uint8_t sent[WA_MAX_PAYLOAD];
static size_t n_sent;
static uint32_t noise = 1;

static uint8_t random_byte(void)
{
    noise = noise * 1664525U + 1013904223U;
    return (uint8_t)(noise >> 24);
}

static bool keep(void *user, const uint8_t *frame, size_t length)
{
    (void)user;
    memcpy(sent, frame, length);
    n_sent = length;
    return true;
}

static uint32_t clock_us(void *user)
{
    (void)user;
    return 1000;
}

static bool any_rate(void *user, uint8_t stream, uint32_t num, uint32_t den)
{
    (void)user;
    (void)stream;
    return num != 0 && den != 0;
}

static const wa_hooks hooks = {keep, clock_us, any_rate, NULL};
static wa_device device;
static wa_frame frame;

static int decodes(void)
{
    for (size_t i = 0; i < N_FRAMES; i++) {
        const golden_frame *right = &golden_frames[i];
        CHECK(wa_decode(golden_streams, N_STREAMS, right->bytes, right->length, &frame) ==
              WA_FRAME_WHOLE);
        CHECK(frame.stream == right->stream && frame.sequence == right->sequence);
        CHECK(frame.counter == right->counter && frame.time_us == right->time_us);
        CHECK(frame.n_samples == right->n_samples);
        size_t n_counts = (size_t)frame.n_samples * frame.n_channels;
        CHECK(memcmp(frame.counts, right->counts, n_counts * sizeof(int32_t)) == 0);
        for (size_t bit = 0; bit < 8 * right->length; bit++) {
            uint8_t spoilt[WA_MAX_PAYLOAD];
            memcpy(spoilt, right->bytes, right->length);
            spoilt[bit / 8] ^= (uint8_t)(1U << bit % 8);
            CHECK(wa_decode(golden_streams, N_STREAMS, spoilt, right->length, &frame) !=
                  WA_FRAME_WHOLE);
        }
    }
    for (size_t i = 0; i < N_BROKEN; i++) {
        const golden_broken *broken = &golden_brokens[i];
        wa_verdict verdict =
            wa_decode(golden_streams, N_STREAMS, broken->bytes, broken->length, &frame);
        CHECK(verdict == (broken->claims ? WA_FRAME_DAMAGED : WA_FRAME_FOREIGN));
        CHECK(!broken->claims || (frame.stream == broken->stream &&
                                  frame.counter == broken->counter &&
                                  frame.n_samples == broken->n_samples));
    }
    return 0;
}

static int encodes(void)
{
    uint8_t told[WA_MAX_CAPABILITY];
    for (size_t i = 0; i < N_FRAMES; i++) {
        const golden_frame *right = &golden_frames[i];
        CHECK(wa_init(&device, &golden_identity, &hooks));
        wa_link(&device, false, 512);
        device.running = true;
        device.streams[right->stream].sequence = right->sequence;
        wa_skip(&device, right->stream, right->counter);
        n_sent = 0;
        size_t n_channels = golden_streams[right->stream].n_channels;
        for (size_t n = 0; n < right->n_samples; n++) {
            wa_push(&device, right->stream, right->counts + n * n_channels, right->time_us);
        }
        wa_flush(&device, right->stream);
        CHECK(n_sent == right->length && memcmp(sent, right->bytes, n_sent) == 0);
    }
    CHECK(wa_capability(&device, told, sizeof told) == sizeof golden_capability);
    CHECK(memcmp(told, golden_capability, sizeof golden_capability) == 0);
    CHECK(wa_capability(&device, told, sizeof golden_capability - 1) == 0);
    return 0;
}

static int answers(void)
{
    uint8_t out[WA_MAX_CAPABILITY];
    CHECK(wa_init(&device, &golden_identity, &hooks));
    wa_link(&device, false, WA_MAX_PAYLOAD);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const golden_command *command = &golden_commands[i];
        size_t n =
            wa_control(&device, command->bytes, command->length, 1000, out, WA_MAX_ANSWER);
        CHECK(n == command->answer_length && memcmp(out, command->answer, n) == 0);
    }
    for (size_t i = 0; i < 2000; i++) { /* noise is answered too, and stays in its room */
        uint8_t command[40];
        size_t length = random_byte() % sizeof command;
        for (size_t at = 0; at < length; at++) {
            command[at] = random_byte();
        }
        size_t n = wa_control(&device, command, length, 0, out, WA_MAX_ANSWER);
        CHECK(n >= WA_ANSWER_SIZE + WA_CRC_SIZE && n <= WA_MAX_ANSWER && wa_intact(out, n));
        CHECK(out[WA_ANSWER_STATUS] == WA_STATUS_DAMAGED);
    }
    return 0;
}

/* The status of a command that is just its head. */
static int told(uint8_t command, const uint8_t *arguments, size_t n_arguments)
{
    uint8_t asked[WA_MAX_COMMAND] = {WA_MARKER_COMMAND, 0, command, 0}, out[WA_MAX_ANSWER];
    size_t n = WA_COMMAND_SIZE + n_arguments;
    memcpy(asked + WA_COMMAND_SIZE, arguments, n_arguments);
    asked[WA_COMMAND_LENGTH] = (uint8_t)(n + WA_CRC_SIZE);
    n = wa_seal(asked, n);
    n = wa_control(&device, asked, n, 0, out, sizeof out);
    return n == 0 ? -1 : out[WA_ANSWER_STATUS];
}

/* Whatever is called after a wa_init that failed does nothing. */
static int after_all(void)
{
    static wa_stream_info many[WA_MAX_STREAMS];
    wa_identity identity = {"many", 1, 0, 0, WA_SITE_HEAD, true, WA_MAX_STREAMS, many};
    const int32_t sample[WA_MAX_CHANNELS] = {1, 2, 3, 4};
    uint8_t out[WA_MAX_CAPABILITY];
    for (size_t i = 0; i < WA_MAX_STREAMS; i++) {
        many[i] = golden_streams[1];
        many[i].n_channels = WA_MAX_CHANNELS; /* together longer than a capability can be */
    }
    CHECK(!wa_init(&device, &identity, &hooks));
    memset(out, 0xA5, sizeof out);
    CHECK(wa_capability(&device, out, sizeof out) == 0);
    many[0].n_channels = 200;
    identity.n_streams = 1;
    CHECK(!wa_init(&device, &identity, &hooks));
    CHECK(wa_capability(&device, out, sizeof out) == 0);
    for (size_t i = 0; i < sizeof out; i++) {
        CHECK(out[i] == 0xA5);
    }
    wa_link(&device, true, WA_MAX_PAYLOAD);
    wa_push(&device, 0, sample, 0);
    CHECK(device.streams[0].count == 0);
    return 0;
}

/* A width that the format doesn't have would be more counts than a frame holds. */
static int knows_widths(void)
{
    wa_stream_info odd = golden_streams[0];
    uint8_t bytes[WA_MAX_PAYLOAD] = {WA_MARKER_DATA, WA_MAX_PAYLOAD, 0, WA_MAX_PAYLOAD -
                                     WA_DATA_SIZE - WA_CRC_SIZE};
    odd.n_channels = 1;
    (void)wa_seal(bytes, sizeof bytes - WA_CRC_SIZE);
    for (uint8_t width = 0; width < 5; width++) {
        odd.width = width;
        wa_verdict verdict = wa_decode(&odd, 1, bytes, sizeof bytes, &frame);
        CHECK(verdict != WA_FRAME_WHOLE);
    }
    return 0;
}

static int refuses(void)
{
    wa_stream_info wide = golden_streams[1];
    wa_identity identity = {"wide", 1, 0, 0, WA_SITE_HEAD, false, 1, &wide};
    const int32_t sample[WA_MAX_CHANNELS] = {1, 2, 3, 4};
    const uint8_t narrow = WA_MIN_PAYLOAD;
    uint8_t out[WA_MAX_CAPABILITY];
    wide.width = WA_WIDTH_INT24; /* nine bytes a sample: too many for the smallest link */
    CHECK(wa_init(&device, &identity, &hooks));
    CHECK(told(WA_DO_START, &narrow, 0) == WA_STATUS_NOT_AUTHENTICATED);
    wa_link(&device, true, 0);
    CHECK(told(WA_DO_START, &narrow, 0) == WA_STATUS_PAYLOAD_TOO_SMALL);
    wa_link(&device, true, WA_MAX_PAYLOAD);
    CHECK(told(WA_DO_SET_PAYLOAD_LIMIT, &narrow, 1) == WA_STATUS_PAYLOAD_TOO_SMALL);
    CHECK(told(WA_DO_START, &narrow, 0) == WA_STATUS_OK);
    wa_push(&device, 0, sample, 0);
    wa_link(&device, true, 0); /* what is collected no longer fits: lost and counted */
    wa_push(&device, 0, sample, 0);
    CHECK(device.streams[0].count == 0 && device.streams[0].counter == 2);
    wa_push(&device, 1, sample, 0); /* no such stream: nothing happens */
    wa_skip(&device, 200, 1);
    wa_flush(&device, 255);
    CHECK(wa_control(&device, out, 0, 0, out, WA_MAX_ANSWER - 1) == 0);
    identity.name = "a name of more than 24 bytes";
    CHECK(!wa_init(&device, &identity, &hooks));
    identity.name = "";
    wide.channels[2].offset_den = 0;
    CHECK(!wa_init(&device, &identity, &hooks));
    identity.n_streams = 0;
    CHECK(!wa_init(&device, &identity, &hooks));
    return after_all();
}

static int stuffs(void)
{
    static uint8_t in[600], out[WA_COBS_ROOM(600)], back[600];
    CHECK(wa_crc16((const uint8_t *)"123456789", 9) == WA_CRC_CHECK);
    for (size_t length = 0; length <= sizeof in; length++) {
        for (size_t i = 0; i < length; i++) {
            in[i] = (uint8_t)(random_byte() % (length % 3 == 0 ? 256 : 2) + (length % 3 == 1));
        }
        size_t n = wa_cobs_encode(in, length, out), decoded = 0;
        CHECK(n <= WA_COBS_ROOM(length) && (n == 0 || memchr(out, 0, n) == NULL));
        CHECK(wa_cobs_decode(out, n, back, sizeof back, &decoded));
        CHECK(decoded == length && memcmp(in, back, length) == 0);
        CHECK(length == 0 || !wa_cobs_decode(out, n, back, length - 1, &decoded));
    }
    static wa_line line;
    for (size_t i = 0; i < 20000; i++) {
        CHECK(wa_line_feed(&line, random_byte() & 0x3F, back) <= WA_MAX_COMMAND);
    }
    return 0;
}

int selftest(void)
{
    int (*const parts[])(void) = {decodes, encodes, answers, refuses, knows_widths, stuffs};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int line = parts[i]();
        if (line != 0) {
            return line;
        }
    }
    return 0;
}

uint32_t encode_frames(uint32_t n_frames)
{
    static const int32_t sample[3] = {1, -2, 3};
    (void)wa_init(&device, &golden_identity, &hooks);
    wa_link(&device, false, WA_MAX_PAYLOAD);
    device.running = true;
    for (uint32_t i = 0; i < 38 * n_frames; i++) {
        wa_push(&device, 1, sample, i);
    }
    return (uint32_t)n_sent;
}

uint32_t decode_frames(uint32_t n_frames)
{
    for (uint32_t i = 0; i < n_frames; i++) {
        (void)wa_decode(golden_streams, N_STREAMS, sent, n_sent, &frame);
    }
    return frame.n_samples;
}
