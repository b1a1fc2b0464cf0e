/* The Zephyr example with a second host connected: its callbacks, called as the stack calls them. */
#include <stdio.h>

#define main example_main
#include "main.c"
#undef main

struct bt_conn {
    int flags;
    uint16_t mtu;
};

int bt_conn_get_info(const struct bt_conn *conn, struct bt_conn_info *info)
{
    info->security.flags = conn->flags;
    return 0;
}

uint16_t bt_gatt_get_mtu(struct bt_conn *conn) { return conn->mtu; }
int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout) { return 0; }
int k_mutex_unlock(struct k_mutex *mutex) { return 0; }

static void show(void) { printf("%d %u\n", device.secure, (unsigned)device.link_limit); }

int main(void)
{
    const wa_hooks hooks = {send, now_us, NULL, NULL};
    struct bt_conn mine = {BT_SECURITY_FLAG_SC, 103}, other = {0, 53};
    (void)wa_init(&device, &identity, &hooks);
    links.security_changed(&mine, 4, BT_SECURITY_ERR_SUCCESS);
    show();
    sizes.att_mtu_updated(&other, 50, 50);
    show();
    links.disconnected(&other, 0);
    show();
    links.disconnected(&mine, 0);
    show();
    sizes.att_mtu_updated(&other, 50, 50);
    show();
    return 0;
}
