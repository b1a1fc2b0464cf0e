#include "wa_bridge.h"

static int32_t count_at(const uint8_t *at, uint8_t width)
{
    /* the sign bit weighs -2^15 or -2^23: arithmetic that no shift of a negative number needs */
    if (width == WA_WIDTH_INT16) {
        int32_t low = wa_get16(at);
        return low - ((low & 0x8000) << 1);
    }
    int32_t low = wa_get16(at) | at[2] << 16;
    return low - ((low & 0x800000) << 1);
}

wa_verdict wa_decode(const wa_stream_info *streams, uint8_t n_streams, const uint8_t *bytes,
                     size_t length, wa_frame *frame)
{
    if (length < WA_DATA_SIZE + WA_CRC_SIZE || (bytes[WA_DATA_MARKER] & 0xF0) != WA_MARKER_DATA) {
        return WA_FRAME_FOREIGN;
    }
    uint8_t stream = bytes[WA_DATA_MARKER] & 0x0F;
    if (stream >= n_streams) {
        return WA_FRAME_FOREIGN;
    }
    const wa_stream_info *info = &streams[stream];
    if (info->width != WA_WIDTH_INT16 && info->width != WA_WIDTH_INT24) {
        return WA_FRAME_FOREIGN; /* narrower counts would be more than a frame holds */
    }
    frame->stream = stream;
    frame->sequence = bytes[WA_DATA_SEQUENCE];
    frame->n_samples = bytes[WA_DATA_COUNT];
    frame->n_channels = info->n_channels;
    frame->counter = wa_get32(bytes + WA_DATA_COUNTER);
    frame->time_us = wa_get32(bytes + WA_DATA_TIME_US);
    size_t n_counts = (size_t)frame->n_samples * info->n_channels;
    size_t right = WA_DATA_SIZE + n_counts * info->width + WA_CRC_SIZE;
    if (n_counts == 0 || right > WA_MAX_PAYLOAD || right != length ||
        bytes[WA_DATA_LENGTH] != right || !wa_intact(bytes, length)) {
        return WA_FRAME_DAMAGED;
    }
    for (size_t i = 0; i < n_counts; i++) {
        frame->counts[i] = count_at(bytes + WA_DATA_SIZE + i * info->width, info->width);
    }
    return WA_FRAME_WHOLE;
}
