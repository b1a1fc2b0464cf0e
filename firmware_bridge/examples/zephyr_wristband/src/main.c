/* Skin conductance over Bluetooth LE with pairing demanded, on Zephyr 4, together with the files of
   firmware_bridge/c. Yours to change: the sensor, and what `streams` says of it. */
#include <zephyr/bluetooth/bluetooth.h>
#include <zephyr/bluetooth/gatt.h>
#include <zephyr/drivers/adc.h>
#include <zephyr/kernel.h>

#include "wa_bridge.h"

/* ---- your sensor: raw counts ---- */
static const struct adc_dt_spec adc = ADC_DT_SPEC_GET(DT_PATH(zephyr_user));

static int32_t read_eda(void)
{
    int16_t count = 0;
    struct adc_sequence sequence = {.buffer = &count, .buffer_size = sizeof count};
    (void)adc_sequence_init_dt(&adc, &sequence);
    return adc_read_dt(&adc, &sequence) == 0 ? count : 0;
}

/* value = raw * scale + offset; here 12 bits over 40 µS, 4 Hz, every sample sent at once */
static const wa_stream_info streams[] = {{WA_KIND_EDA, WA_UNIT_MICROSIEMENS, WA_WIDTH_INT16, 1, 4,
                                          1, 1, {{WA_CHANNEL_VALUE, 40, 4095, 0, 1}}}};
static const wa_identity identity = {"wristband", 1, 0, 0, WA_SITE_WRIST, false, 1, streams};

/* ---- the rest stays as it is ---- */
#define UUID_BYTES(...) BT_UUID_128_ENCODE(__VA_ARGS__)
#define UUID(...) BT_UUID_DECLARE_128(UUID_BYTES(__VA_ARGS__))
static wa_device device;
static K_MUTEX_DEFINE(lock); /* the radio's thread asks, the main thread pushes */
static uint32_t now_us(void *user) { return (uint32_t)k_ticks_to_us_floor64(k_uptime_ticks()); }
static ssize_t tell(struct bt_conn *conn, const struct bt_gatt_attr *attr, void *buf, uint16_t len,
                    uint16_t offset)
{
    uint8_t told[WA_MAX_CAPABILITY];
    size_t n = wa_capability(&device, told, sizeof told);
    return bt_gatt_attr_read(conn, attr, buf, len, offset, told, (uint16_t)n);
}
static ssize_t asked(struct bt_conn *conn, const struct bt_gatt_attr *attr, const void *buf,
                     uint16_t len, uint16_t offset, uint8_t flags)
{
    uint8_t answer[WA_MAX_ANSWER];
    uint32_t received_us = now_us(NULL);
    k_mutex_lock(&lock, K_FOREVER);
    size_t n = wa_control(&device, buf, len, received_us, answer, sizeof answer);
    k_mutex_unlock(&lock);
    (void)bt_gatt_notify(conn, attr, answer, (uint16_t)n);
    return len;
}
BT_GATT_SERVICE_DEFINE(bridge, BT_GATT_PRIMARY_SERVICE(UUID(WA_UUID_SERVICE_WORDS)),
    BT_GATT_CHARACTERISTIC(UUID(WA_UUID_CAPABILITY_WORDS), BT_GATT_CHRC_READ, BT_GATT_PERM_READ,
                           tell, NULL, NULL),
    BT_GATT_CHARACTERISTIC(UUID(WA_UUID_DATA_WORDS), BT_GATT_CHRC_NOTIFY, 0, NULL, NULL, NULL),
    BT_GATT_CCC(NULL, BT_GATT_PERM_READ | BT_GATT_PERM_WRITE_LESC),
    BT_GATT_CHARACTERISTIC(UUID(WA_UUID_CONTROL_WORDS), BT_GATT_CHRC_WRITE | BT_GATT_CHRC_NOTIFY,
                           BT_GATT_PERM_WRITE_LESC, NULL, asked, NULL),
    BT_GATT_CCC(NULL, BT_GATT_PERM_READ | BT_GATT_PERM_WRITE_LESC));
static bool send(void *user, const uint8_t *frame, size_t length)
{ return bt_gatt_notify(NULL, &bridge.attrs[4], frame, (uint16_t)length) == 0; }
static void link_is(struct bt_conn *conn, bool up)
{
    static struct bt_conn *host; /* whom data is for: what others do changes nothing for it */
    struct bt_conn_info info;
    if (host != NULL && conn != host) { return; }
    host = up ? conn : NULL;
    bool known = up && bt_conn_get_info(conn, &info) == 0;
    k_mutex_lock(&lock, K_FOREVER);
    wa_link(&device, known && (info.security.flags & BT_SECURITY_FLAG_SC) != 0,
            up ? bt_gatt_get_mtu(conn) - 3U : WA_MIN_PAYLOAD);
    k_mutex_unlock(&lock);
}
static void paired(struct bt_conn *conn, bt_security_t level, enum bt_security_err error)
{ link_is(conn, true); }
static void wider(struct bt_conn *conn, uint16_t tx, uint16_t rx) { link_is(conn, true); }
static void gone(struct bt_conn *conn, uint8_t reason) { link_is(conn, false); }
static const struct bt_data advertised[] = {
    BT_DATA_BYTES(BT_DATA_FLAGS, BT_LE_AD_GENERAL | BT_LE_AD_NO_BREDR),
    BT_DATA_BYTES(BT_DATA_UUID128_ALL, UUID_BYTES(WA_UUID_SERVICE_WORDS)),
};
static void advertise(void)
{ (void)bt_le_adv_start(BT_LE_ADV_CONN_FAST_1, advertised, ARRAY_SIZE(advertised), NULL, 0); }
BT_CONN_CB_DEFINE(links) = {.security_changed = paired, .disconnected = gone, .recycled = advertise};
static struct bt_gatt_cb sizes = {.att_mtu_updated = wider};
int main(void)
{
    const wa_hooks hooks = {send, now_us, NULL, NULL};
    if (!wa_init(&device, &identity, &hooks) || adc_channel_setup_dt(&adc) || bt_enable(NULL)) {
        return 1;
    }
    bt_gatt_cb_register(&sizes);
    advertise();
    for (int64_t due_ms = k_uptime_get();; due_ms += 250) {
        k_sleep(K_TIMEOUT_ABS_MS(due_ms));
        int32_t count = read_eda();
        k_mutex_lock(&lock, K_FOREVER);
        wa_push(&device, 0, &count, (uint32_t)(due_ms * 1000));
        k_mutex_unlock(&lock);
    }
}
