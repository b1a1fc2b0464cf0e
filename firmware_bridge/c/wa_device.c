/* Samples to frames. */
#include <string.h>

#include "wa_inside.h"

static bool is_sound(const wa_stream_info *info)
{
    bool sound = info->n_channels >= 1 && info->n_channels <= WA_MAX_CHANNELS &&
                 (info->width == WA_WIDTH_INT16 || info->width == WA_WIDTH_INT24) &&
                 info->rate_num >= 1 && info->rate_den >= 1;
    for (size_t i = 0; sound && i < info->n_channels; i++) {
        const wa_channel_info *channel = &info->channels[i];
        sound = channel->scale_num != 0 && channel->scale_den >= 1 && channel->offset_den >= 1;
    }
    return sound;
}

static size_t sample_size(const wa_stream_info *info)
{
    return (size_t)info->n_channels * info->width;
}

size_t wa_capacity(const wa_stream_info *info, size_t limit)
{
    size_t fit = (limit - WA_DATA_SIZE - WA_CRC_SIZE) / sample_size(info);
    return info->frame_samples != 0 && info->frame_samples < fit ? info->frame_samples : fit;
}

size_t wa_payload_limit(const wa_device *device)
{
    return device->asked_limit < device->link_limit ? device->asked_limit : device->link_limit;
}

bool wa_may_send(const wa_device *device)
{
    return device->secure || device->identity->unauthenticated_link;
}

/* What a device is whose own identity won't do: nothing, so that no later call reads it. */
static const wa_identity nobody = {"", 0, 0, 0, WA_SITE_UNKNOWN, false, 0, NULL};

bool wa_init(wa_device *device, const wa_identity *identity, const wa_hooks *hooks)
{
    memset(device, 0, sizeof *device);
    device->identity = &nobody;
    device->hooks = *hooks;
    device->link_limit = WA_MIN_PAYLOAD;
    device->asked_limit = WA_MAX_PAYLOAD;
    if (identity->n_streams < 1 || identity->n_streams > WA_MAX_STREAMS) {
        return false;
    }
    for (size_t i = 0; i < identity->n_streams; i++) {
        device->streams[i].rate_num = identity->streams[i].rate_num;
        device->streams[i].rate_den = identity->streams[i].rate_den;
        if (!is_sound(&identity->streams[i])) {
            return false;
        }
    }
    if (wa_capability_size(identity) == 0) {
        return false;
    }
    device->identity = identity;
    return true;
}

void wa_link(wa_device *device, bool secure, size_t limit)
{
    device->secure = secure;
    device->link_limit = limit < WA_MIN_PAYLOAD   ? WA_MIN_PAYLOAD
                         : limit > WA_MAX_PAYLOAD ? WA_MAX_PAYLOAD
                                                  : limit;
    for (size_t i = 0; i < device->identity->n_streams; i++) {
        wa_stream_state *state = &device->streams[i];
        if (state->count >= wa_capacity(&device->identity->streams[i], wa_payload_limit(device))) {
            state->count = 0; /* collected for a wider link: lost, and the counter shows it */
        }
    }
}

static void put_count(uint8_t *at, int32_t count, uint8_t width)
{
    int32_t most = width == WA_WIDTH_INT16 ? INT16_MAX : 0x7FFFFF;
    int32_t held = count > most ? most : count < -most - 1 ? -most - 1 : count;
    uint32_t bits = (uint32_t)held; /* modulo 2^32: two's complement by definition */
    for (size_t i = 0; i < width; i++) {
        at[i] = (uint8_t)(bits >> 8 * i & 0xFFU);
    }
}

void wa_push(wa_device *device, uint8_t stream, const int32_t *sample, uint32_t time_us)
{
    if (stream >= device->identity->n_streams) {
        return;
    }
    const wa_stream_info *info = &device->identity->streams[stream];
    wa_stream_state *state = &device->streams[stream];
    size_t fit = wa_capacity(info, wa_payload_limit(device));
    if (device->running && fit > 0) {
        if (state->count == 0) {
            wa_put32(state->frame + WA_DATA_COUNTER, state->counter);
            wa_put32(state->frame + WA_DATA_TIME_US, time_us);
        }
        uint8_t *at = state->frame + WA_DATA_SIZE + state->count * sample_size(info);
        for (size_t i = 0; i < info->n_channels; i++) {
            put_count(at + i * info->width, sample[i], info->width);
        }
        state->count++;
    }
    state->counter++;
    if (state->count >= fit) {
        wa_flush(device, stream);
    }
}

void wa_skip(wa_device *device, uint8_t stream, uint32_t n_samples)
{
    if (stream < device->identity->n_streams) {
        wa_flush(device, stream); /* a frame's samples follow one another */
        device->streams[stream].counter += n_samples;
    }
}

void wa_flush(wa_device *device, uint8_t stream)
{
    if (stream >= device->identity->n_streams || device->streams[stream].count == 0) {
        return;
    }
    wa_stream_state *state = &device->streams[stream];
    size_t body = WA_DATA_SIZE + state->count * sample_size(&device->identity->streams[stream]);
    state->frame[WA_DATA_MARKER] = (uint8_t)(WA_MARKER_DATA + stream);
    state->frame[WA_DATA_LENGTH] = (uint8_t)(body + WA_CRC_SIZE);
    state->frame[WA_DATA_SEQUENCE] = state->sequence++;
    state->frame[WA_DATA_COUNT] = state->count;
    state->count = 0;
    if (wa_may_send(device)) {
        (void)device->hooks.send(device->hooks.user, state->frame, wa_seal(state->frame, body));
    }
}
