/* The few names of Zephyr that the example uses: declarations only, for a syntax check. */
#ifndef ZEPHYR_KERNEL_STUB_H
#define ZEPHYR_KERNEL_STUB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define DT_PATH(node) #node
struct k_mutex {
    int held;
};
#define K_MUTEX_DEFINE(name) struct k_mutex name
typedef struct {
    int64_t ticks;
} k_timeout_t;
#define K_FOREVER ((k_timeout_t){-1})
#define K_TIMEOUT_ABS_MS(t) ((k_timeout_t){t})
int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout);
int k_mutex_unlock(struct k_mutex *mutex);
int32_t k_sleep(k_timeout_t timeout);
int64_t k_uptime_get(void);
int64_t k_uptime_ticks(void);
uint64_t k_ticks_to_us_floor64(uint64_t ticks);
#endif
