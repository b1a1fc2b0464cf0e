#ifndef ZEPHYR_BLUETOOTH_STUB_H
#define ZEPHYR_BLUETOOTH_STUB_H
#include <zephyr/kernel.h>
struct bt_data {
    uint8_t type, data_len;
    const uint8_t *data;
};
#define BT_DATA_FLAGS 0x01
#define BT_DATA_UUID128_ALL 0x07
#define BT_LE_AD_GENERAL 0x02
#define BT_LE_AD_NO_BREDR 0x04
#define BT_DATA_BYTES(type, ...) \
    {(type), sizeof((uint8_t[]){__VA_ARGS__}), (const uint8_t[]){__VA_ARGS__}}
struct bt_le_adv_param {
    int options;
};
extern const struct bt_le_adv_param bt_le_adv_conn_fast_1;
#define BT_LE_ADV_CONN_FAST_1 (&bt_le_adv_conn_fast_1)
int bt_enable(void (*ready)(int error));
int bt_le_adv_start(const struct bt_le_adv_param *param, const struct bt_data *ad, size_t ad_len,
                    const struct bt_data *sd, size_t sd_len);
#endif
