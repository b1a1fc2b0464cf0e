/* The bridge: what a wearable needs to send its samples, and a gateway to read them.
   Portable C99; no heap; of libc only string.h. The format: ../PROTOCOL.md. */
#ifndef WA_BRIDGE_H
#define WA_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wa_bridge_table.h"
#include "wa_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what the device is ---- */

typedef struct {
    uint8_t channel; /* enum wa_channel */
    int32_t scale_num;
    uint32_t scale_den;
    int32_t offset_num;
    uint32_t offset_den;
} wa_channel_info; /* value = raw * scale + offset */

typedef struct {
    uint8_t kind;  /* enum wa_kind */
    uint8_t unit;  /* enum wa_unit */
    uint8_t width; /* enum wa_width */
    uint8_t n_channels;
    uint32_t rate_num; /* samples a second */
    uint32_t rate_den;
    uint8_t frame_samples; /* send when so many are collected; 0: as many as fit */
    wa_channel_info channels[WA_MAX_CHANNELS];
} wa_stream_info;

typedef struct {
    const char *name; /* UTF-8, at most WA_MAX_NAME bytes */
    uint8_t major, minor, patch;
    uint8_t site;               /* enum wa_site */
    bool unauthenticated_link;  /* give data without pairing, and say so */
    uint8_t n_streams;
    const wa_stream_info *streams;
} wa_identity;

/* What the device must do for the bridge. `user` is whatever it likes. */
typedef struct {
    /* Hand a frame to the radio or the line. False: it can't take it; the samples are lost, and
       the counter shows how many. */
    bool (*send)(void *user, const uint8_t *frame, size_t length);
    /* Microseconds since boot, wrapping; Arduino's micros(). */
    uint32_t (*now_us)(void *user);
    /* Set a sensor to another rate; false: it can't. NULL: none can. */
    bool (*set_rate)(void *user, uint8_t stream, uint32_t rate_num, uint32_t rate_den);
    void *user;
} wa_hooks;

/* ---- its state: yours to keep, ours to touch ---- */

typedef struct {
    uint32_t rate_num, rate_den;
    uint32_t counter; /* samples taken since boot */
    uint8_t sequence;
    uint8_t count; /* samples in the frame below */
    uint8_t frame[WA_MAX_PAYLOAD];
} wa_stream_state;

typedef struct {
    const wa_identity *identity;
    wa_hooks hooks;
    bool running;
    bool secure;
    size_t link_limit;
    size_t asked_limit;
    wa_stream_state streams[WA_MAX_STREAMS];
} wa_device;

/* ---- the device's side; one thread, or a lock around all of it ---- */

/* Begin, at boot. False where the identity is out of the format's limits; then the device has no
   streams, and whatever else is called does nothing. */
bool wa_init(wa_device *device, const wa_identity *identity, const wa_hooks *hooks);

/* Tell what the link is now: on connection, ATT_MTU exchange, pairing, disconnection.
   `secure`: paired by LE Secure Connections (a cable counts as secure). `payload_limit`:
   ATT_MTU - 3; WA_MIN_PAYLOAD until it is known, WA_MAX_PAYLOAD on a serial line. */
void wa_link(wa_device *device, bool secure, size_t payload_limit);

/* Take one sample of every channel of a stream, at the stream's rate; counts beyond the stream's
   width are held at its largest. Full frames go out by `send`. */
void wa_push(wa_device *device, uint8_t stream, const int32_t *sample, uint32_t time_us);

/* So many samples of a stream were missed: the sensor overran. */
void wa_skip(wa_device *device, uint8_t stream, uint32_t n_samples);

/* Send what is collected. */
void wa_flush(wa_device *device, uint8_t stream);

/* Write the capability; gives its length, 0 where `room` is too small or `wa_init` failed. */
size_t wa_capability(const wa_device *device, uint8_t *out, size_t room);

/* Answer a command that came at `received_us`; gives the length of the answer. `room` is at least
   WA_MAX_ANSWER; on a serial line WA_MAX_CAPABILITY, so that `describe` can be answered. */
size_t wa_control(wa_device *device, const uint8_t *command, size_t length, uint32_t received_us,
                  uint8_t *out, size_t room);

/* ---- the gateway's side ---- */

#define WA_MAX_COUNTS ((WA_MAX_PAYLOAD - WA_DATA_SIZE - WA_CRC_SIZE) / WA_WIDTH_INT16)

typedef struct {
    uint8_t stream;
    uint8_t sequence;
    uint8_t n_samples;
    uint8_t n_channels;
    uint32_t counter;
    uint32_t time_us;
    int32_t counts[WA_MAX_COUNTS]; /* all channels of a sample together */
} wa_frame;

typedef enum {
    WA_FRAME_WHOLE,
    WA_FRAME_FOREIGN, /* nothing of the frame is known */
    WA_FRAME_DAMAGED  /* stream, counter and n_samples are what it claims; it holds no sample */
} wa_verdict;

wa_verdict wa_decode(const wa_stream_info *streams, uint8_t n_streams, const uint8_t *bytes,
                     size_t length, wa_frame *frame);

#ifdef __cplusplus
}
#endif

#endif
