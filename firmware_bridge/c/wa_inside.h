/* What wa_device.c and wa_control.c share; not for others. */
#ifndef WA_INSIDE_H
#define WA_INSIDE_H

#include "wa_bridge.h"

/* How many samples a frame of at most `limit` bytes takes. */
size_t wa_capacity(const wa_stream_info *info, size_t limit);

/* Bytes of the longest frame now. */
size_t wa_payload_limit(const wa_device *device);

/* Whether the link is one that data may go over. */
bool wa_may_send(const wa_device *device);

/* Bytes of the capability; 0 where there can't be one. */
size_t wa_capability_size(const wa_identity *identity);

#endif
