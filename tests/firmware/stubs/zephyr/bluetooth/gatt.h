#ifndef ZEPHYR_GATT_STUB_H
#define ZEPHYR_GATT_STUB_H
#include <zephyr/kernel.h>

struct bt_uuid_128 {
    uint8_t value[16];
};
#define BT_BYTE(number, at) (uint8_t)((uint64_t)(number) >> 8 * (at) & 0xFF)
#define BT_UUID_128_ENCODE(w32, w1, w2, w3, w48)                                              \
    BT_BYTE(w48, 0), BT_BYTE(w48, 1), BT_BYTE(w48, 2), BT_BYTE(w48, 3), BT_BYTE(w48, 4),      \
        BT_BYTE(w48, 5), BT_BYTE(w3, 0), BT_BYTE(w3, 1), BT_BYTE(w2, 0), BT_BYTE(w2, 1),      \
        BT_BYTE(w1, 0), BT_BYTE(w1, 1), BT_BYTE(w32, 0), BT_BYTE(w32, 1), BT_BYTE(w32, 2),    \
        BT_BYTE(w32, 3)
#define BT_UUID_DECLARE_128(...) (&(const struct bt_uuid_128){{__VA_ARGS__}})

struct bt_conn;
typedef int bt_security_t;
enum bt_security_err { BT_SECURITY_ERR_SUCCESS };
enum { BT_SECURITY_FLAG_SC = 1 };
struct bt_conn_info {
    struct {
        int flags;
    } security;
};
struct bt_conn_cb {
    void (*disconnected)(struct bt_conn *conn, uint8_t reason);
    void (*recycled)(void);
    void (*security_changed)(struct bt_conn *conn, bt_security_t level, enum bt_security_err err);
};
#define BT_CONN_CB_DEFINE(name) const struct bt_conn_cb name
int bt_conn_get_info(const struct bt_conn *conn, struct bt_conn_info *info);

struct bt_gatt_attr {
    const struct bt_uuid_128 *uuid;
    ssize_t (*read)(struct bt_conn *conn, const struct bt_gatt_attr *attr, void *buf, uint16_t len,
                    uint16_t offset);
    ssize_t (*write)(struct bt_conn *conn, const struct bt_gatt_attr *attr, const void *buf,
                     uint16_t len, uint16_t offset, uint8_t flags);
    int permissions;
};
struct bt_gatt_service_static {
    const struct bt_gatt_attr *attrs;
    size_t attr_count;
};
struct bt_gatt_cb {
    void (*att_mtu_updated)(struct bt_conn *conn, uint16_t tx, uint16_t rx);
};
enum { BT_GATT_CHRC_READ = 0x02, BT_GATT_CHRC_WRITE = 0x08, BT_GATT_CHRC_NOTIFY = 0x10 };
enum { BT_GATT_PERM_READ = 0x01, BT_GATT_PERM_WRITE_LESC = 0x100 };
#define BT_GATT_PRIMARY_SERVICE(service) {service, NULL, NULL, 0}
#define BT_GATT_CHARACTERISTIC(uuid, properties, permissions, read, write, value) \
    {NULL, NULL, NULL, properties}, {uuid, read, write, permissions}
#define BT_GATT_CCC(changed, permissions) {NULL, NULL, NULL, permissions}
#define BT_GATT_SERVICE_DEFINE(name, ...)                                \
    static const struct bt_gatt_attr attrs_##name[] = {__VA_ARGS__};     \
    static const struct bt_gatt_service_static name = {attrs_##name, ARRAY_SIZE(attrs_##name)}
uint16_t bt_gatt_get_mtu(struct bt_conn *conn);
void bt_gatt_cb_register(struct bt_gatt_cb *cb);
int bt_gatt_notify(struct bt_conn *conn, const struct bt_gatt_attr *attr, const void *data,
                   uint16_t len);
ssize_t bt_gatt_attr_read(struct bt_conn *conn, const struct bt_gatt_attr *attr, void *buf,
                          uint16_t len, uint16_t offset, const void *value, uint16_t value_len);
#endif
