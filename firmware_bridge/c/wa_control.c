/* What a device says of itself, and how it answers. */
#include <string.h>

#include "wa_inside.h"

static size_t put_stream(const wa_stream_info *info, const wa_stream_state *state, uint8_t *at)
{
    at[WA_STREAM_RECORD_KIND] = info->kind;
    at[WA_STREAM_RECORD_UNIT] = info->unit;
    at[WA_STREAM_RECORD_WIDTH] = info->width;
    at[WA_STREAM_RECORD_CHANNELS] = info->n_channels;
    wa_put32(at + WA_STREAM_RECORD_RATE_NUM, state->rate_num);
    wa_put32(at + WA_STREAM_RECORD_RATE_DEN, state->rate_den);
    size_t n = WA_STREAM_RECORD_SIZE;
    for (size_t i = 0; i < info->n_channels; i++, n += WA_CHANNEL_RECORD_SIZE) {
        const wa_channel_info *channel = &info->channels[i];
        at[n + WA_CHANNEL_RECORD_CHANNEL] = channel->channel;
        wa_put32(at + n + WA_CHANNEL_RECORD_SCALE_NUM, (uint32_t)channel->scale_num);
        wa_put32(at + n + WA_CHANNEL_RECORD_SCALE_DEN, channel->scale_den);
        wa_put32(at + n + WA_CHANNEL_RECORD_OFFSET_NUM, (uint32_t)channel->offset_num);
        wa_put32(at + n + WA_CHANNEL_RECORD_OFFSET_DEN, channel->offset_den);
    }
    return n;
}

size_t wa_capability_size(const wa_identity *identity)
{
    size_t name_length = strlen(identity->name);
    size_t size = WA_CAPABILITY_SIZE + name_length + WA_CRC_SIZE;
    for (size_t i = 0; i < identity->n_streams; i++) {
        size += WA_STREAM_RECORD_SIZE;
        size += (size_t)identity->streams[i].n_channels * WA_CHANNEL_RECORD_SIZE;
    }
    return name_length <= WA_MAX_NAME && size <= WA_MAX_CAPABILITY ? size : 0;
}

size_t wa_capability(const wa_device *device, uint8_t *out, size_t room)
{
    const wa_identity *identity = device->identity;
    size_t name_length = strlen(identity->name);
    size_t size = wa_capability_size(identity);
    if (identity->n_streams == 0 || size == 0 || size > room) {
        return 0;
    }
    out[WA_CAPABILITY_MARKER] = WA_MARKER_CAPABILITY;
    out[WA_CAPABILITY_VERSION] = WA_VERSION;
    wa_put16(out + WA_CAPABILITY_LENGTH, (uint16_t)size);
    out[WA_CAPABILITY_FLAGS] = identity->unauthenticated_link ? WA_FLAG_UNAUTHENTICATED_LINK : 0;
    out[WA_CAPABILITY_MAJOR] = identity->major;
    out[WA_CAPABILITY_MINOR] = identity->minor;
    out[WA_CAPABILITY_PATCH] = identity->patch;
    out[WA_CAPABILITY_SITE] = identity->site;
    out[WA_CAPABILITY_STREAMS] = identity->n_streams;
    out[WA_CAPABILITY_NAME_LENGTH] = (uint8_t)name_length;
    memcpy(out + WA_CAPABILITY_SIZE, identity->name, name_length);
    size_t n = WA_CAPABILITY_SIZE + name_length;
    for (size_t i = 0; i < identity->n_streams; i++) {
        n += put_stream(&identity->streams[i], &device->streams[i], out + n);
    }
    return wa_seal(out, n);
}

/* ---- control point ---- */

/* Whether a sample of every stream fits a frame. */
static bool all_fit(const wa_device *device, size_t limit)
{
    for (size_t i = 0; i < device->identity->n_streams; i++) {
        if (wa_capacity(&device->identity->streams[i], limit) == 0) {
            return false;
        }
    }
    return true;
}

static uint8_t start(wa_device *device)
{
    if (!all_fit(device, wa_payload_limit(device))) {
        return WA_STATUS_PAYLOAD_TOO_SMALL;
    }
    device->running = true;
    return WA_STATUS_OK;
}

static void flush_all(wa_device *device)
{
    for (uint8_t i = 0; i < device->identity->n_streams; i++) {
        wa_flush(device, i);
    }
}

static uint8_t set_rate(wa_device *device, const uint8_t *arguments)
{
    uint8_t stream = arguments[WA_SET_RATE_ARGUMENTS_STREAM];
    uint32_t num = wa_get32(arguments + WA_SET_RATE_ARGUMENTS_RATE_NUM);
    uint32_t den = wa_get32(arguments + WA_SET_RATE_ARGUMENTS_RATE_DEN);
    if (stream >= device->identity->n_streams) {
        return WA_STATUS_UNKNOWN_STREAM;
    }
    wa_stream_state *state = &device->streams[stream];
    if (num == state->rate_num && den == state->rate_den) {
        return WA_STATUS_OK;
    }
    if (device->running) {
        return WA_STATUS_BUSY;
    }
    const wa_hooks *hooks = &device->hooks;
    if (num == 0 || den == 0 || hooks->set_rate == NULL ||
        !hooks->set_rate(hooks->user, stream, num, den)) {
        return WA_STATUS_BAD_VALUE;
    }
    state->rate_num = num;
    state->rate_den = den;
    return WA_STATUS_OK;
}

static uint8_t set_payload_limit(wa_device *device, const uint8_t *arguments)
{
    size_t limit = arguments[WA_SET_PAYLOAD_LIMIT_ARGUMENTS_LIMIT];
    if (limit < WA_MIN_PAYLOAD || limit > WA_MAX_PAYLOAD) {
        return WA_STATUS_BAD_VALUE;
    }
    if (!all_fit(device, limit)) {
        return WA_STATUS_PAYLOAD_TOO_SMALL;
    }
    flush_all(device);
    device->asked_limit = limit;
    return WA_STATUS_OK;
}

/* Bytes of arguments that a command has; -1: there is no such command. */
static int arguments_of(uint8_t command)
{
    switch (command) {
    case WA_DO_START:
    case WA_DO_STOP:
    case WA_DO_PING:
    case WA_DO_DESCRIBE:
        return 0;
    case WA_DO_SET_RATE:
        return WA_SET_RATE_ARGUMENTS_SIZE;
    case WA_DO_SET_PAYLOAD_LIMIT:
        return WA_SET_PAYLOAD_LIMIT_ARGUMENTS_SIZE;
    default:
        return -1;
    }
}

static uint8_t carry_out(wa_device *device, uint8_t command, const uint8_t *arguments)
{
    if (!wa_may_send(device) && command != WA_DO_PING && command != WA_DO_DESCRIBE) {
        return WA_STATUS_NOT_AUTHENTICATED;
    }
    switch (command) {
    case WA_DO_START:
        return start(device);
    case WA_DO_STOP:
        flush_all(device);
        device->running = false;
        return WA_STATUS_OK;
    case WA_DO_SET_RATE:
        return set_rate(device, arguments);
    case WA_DO_SET_PAYLOAD_LIMIT:
        return set_payload_limit(device, arguments);
    case WA_DO_DESCRIBE: /* it would have been answered by the capability */
        return WA_STATUS_PAYLOAD_TOO_SMALL;
    default:
        return WA_STATUS_OK;
    }
}

/* Whether a command is one, as far as can be told without doing it. */
static uint8_t examined(const uint8_t *command, size_t length)
{
    bool whole = length >= WA_COMMAND_SIZE + WA_CRC_SIZE && length <= WA_MAX_COMMAND &&
                 command[WA_COMMAND_MARKER] == WA_MARKER_COMMAND &&
                 command[WA_COMMAND_LENGTH] == length && wa_intact(command, length);
    if (!whole) {
        return WA_STATUS_DAMAGED;
    }
    int n_arguments = arguments_of(command[WA_COMMAND_COMMAND]);
    if (n_arguments < 0) {
        return WA_STATUS_UNKNOWN_COMMAND;
    }
    bool right = length == WA_COMMAND_SIZE + (size_t)n_arguments + WA_CRC_SIZE;
    return right ? WA_STATUS_OK : WA_STATUS_WRONG_LENGTH;
}

size_t wa_control(wa_device *device, const uint8_t *command, size_t length, uint32_t received_us,
                  uint8_t *out, size_t room)
{
    if (room < WA_MAX_ANSWER) {
        return 0;
    }
    bool readable = length >= WA_COMMAND_SIZE;
    uint8_t asked = readable ? command[WA_COMMAND_COMMAND] : 0;
    uint8_t token = readable ? command[WA_COMMAND_TOKEN] : 0;
    uint8_t status = examined(command, length);
    if (status == WA_STATUS_OK && asked == WA_DO_DESCRIBE &&
        wa_capability_size(device->identity) <= room) {
        return wa_capability(device, out, room);
    }
    if (status == WA_STATUS_OK) {
        status = carry_out(device, asked, command + WA_COMMAND_SIZE);
    }
    size_t n = WA_ANSWER_SIZE;
    if (status == WA_STATUS_OK && asked == WA_DO_PING) {
        wa_put32(out + n + WA_PING_RESULTS_RECEIVED_US, received_us);
        wa_put32(out + n + WA_PING_RESULTS_SENT_US, device->hooks.now_us(device->hooks.user));
        n += WA_PING_RESULTS_SIZE;
    }
    out[WA_ANSWER_MARKER] = WA_MARKER_ANSWER;
    out[WA_ANSWER_LENGTH] = (uint8_t)(n + WA_CRC_SIZE);
    out[WA_ANSWER_COMMAND] = asked;
    out[WA_ANSWER_TOKEN] = token;
    out[WA_ANSWER_STATUS] = status;
    return wa_seal(out, n);
}
