// Skin conductance and acceleration over Bluetooth LE, for boards that ArduinoBLE supports.
// Put the files of firmware_bridge/c beside this one. Yours to change: the sensors below, and what
// `streams` says of them. ArduinoBLE can't ask for LE Secure Connections on a characteristic, so
// the device declares `unauthenticated_link`, and every recording will say so.
#include <ArduinoBLE.h>

#include "wa_bridge.h"

// ---- your sensors: raw counts ----

static void read_eda(int32_t *counts) { counts[0] = analogRead(A0); }

static void read_acc(int32_t *counts) {  // an analog three-axis accelerometer
  counts[0] = analogRead(A1);
  counts[1] = analogRead(A2);
  counts[2] = analogRead(A3);
}

// value = raw * scale + offset; here 10 bits over 20 µS, and over -3.3 to 3.3 g
static const wa_stream_info streams[] = {
    {WA_KIND_EDA, WA_UNIT_MICROSIEMENS, WA_WIDTH_INT16, 1, 4, 1, 1,
     {{WA_CHANNEL_VALUE, 20, 1023, 0, 1}}},
    {WA_KIND_ACC, WA_UNIT_GRAVITY, WA_WIDTH_INT16, 3, 32, 1, 8,
     {{WA_CHANNEL_X, 66, 10230, -33, 10},
      {WA_CHANNEL_Y, 66, 10230, -33, 10},
      {WA_CHANNEL_Z, 66, 10230, -33, 10}}},
};
static void (*const sensors[])(int32_t *) = {read_eda, read_acc};
static const wa_identity identity = {"wristband", 1, 0, 0, WA_SITE_WRIST, true, 2, streams};

// ---- the rest stays as it is ----

static BLEService service(WA_UUID_SERVICE);
static BLECharacteristic capability(WA_UUID_CAPABILITY, BLERead, WA_MAX_CAPABILITY);
static BLECharacteristic data(WA_UUID_DATA, BLENotify, WA_MIN_PAYLOAD);
static BLECharacteristic control(WA_UUID_CONTROL, BLEWrite | BLENotify, WA_MAX_COMMAND);
static wa_device device;
static uint32_t due_us[2];

static bool send(void *, const uint8_t *frame, size_t length) {
  return data.subscribed() && data.writeValue(frame, (int)length);
}

static uint32_t now_us(void *) { return micros(); }

static void asked(BLEDevice, BLECharacteristic) {
  uint8_t answer[WA_MAX_ANSWER];
  size_t n = wa_control(&device, control.value(), (size_t)control.valueLength(), micros(), answer,
                        sizeof answer);
  control.writeValue(answer, (int)n);
}

static void gone(BLEDevice) { wa_link(&device, false, WA_MIN_PAYLOAD); }

void setup() {
  const wa_hooks hooks = {send, now_us, nullptr, nullptr};
  uint8_t told[WA_MAX_CAPABILITY];
  while (!BLE.begin() || !wa_init(&device, &identity, &hooks)) {
    delay(1000);
  }
  capability.writeValue(told, (int)wa_capability(&device, told, sizeof told));
  control.setEventHandler(BLEWritten, asked);
  BLE.setEventHandler(BLEDisconnected, gone);
  service.addCharacteristic(capability);
  service.addCharacteristic(data);
  service.addCharacteristic(control);
  BLE.addService(service);
  BLE.setLocalName(identity.name);
  BLE.setAdvertisedService(service);
  BLE.advertise();
  due_us[0] = due_us[1] = micros();
}

void loop() {
  BLE.poll();
  for (uint8_t i = 0; i < 2; i++) {
    uint32_t step_us = 1000000UL * streams[i].rate_den / streams[i].rate_num;
    uint32_t late_us = micros() - due_us[i];
    if (late_us >= UINT32_MAX / 2) {
      continue;  // not due yet
    }
    if (late_us >= step_us) {  // the loop was busy: say how many samples were missed
      wa_skip(&device, i, late_us / step_us);
      due_us[i] += late_us / step_us * step_us;
    }
    int32_t counts[WA_MAX_CHANNELS];
    sensors[i](counts);
    wa_push(&device, i, counts, due_us[i]);
    due_us[i] += step_us;
  }
}
