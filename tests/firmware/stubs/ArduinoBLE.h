/* The few names of ArduinoBLE that the example uses: declarations only, for a syntax check. */
#ifndef ARDUINO_BLE_STUB_H
#define ARDUINO_BLE_STUB_H
#include "Arduino.h"
enum { BLERead = 0x02, BLEWrite = 0x08, BLENotify = 0x10 };
enum BLECharacteristicEvent { BLEWritten = 3 };
enum BLEDeviceEvent { BLEDisconnected = 1 };
class BLECharacteristic;
class BLEDevice {};
class BLECharacteristic {
public:
  BLECharacteristic(const char *uuid, uint8_t properties, int size, bool fixed = false);
  const uint8_t *value() const;
  int valueLength() const;
  int writeValue(const uint8_t value[], int length);
  bool subscribed();
  void setEventHandler(int event, void (*handler)(BLEDevice, BLECharacteristic));
};
class BLEService {
public:
  BLEService(const char *uuid);
  void addCharacteristic(BLECharacteristic &characteristic);
};
class BLELocalDevice {
public:
  int begin();
  void poll();
  int advertise();
  void addService(BLEService &service);
  void setLocalName(const char *name);
  void setAdvertisedService(const BLEService &service);
  void setEventHandler(BLEDeviceEvent event, void (*handler)(BLEDevice));
};
extern BLELocalDevice BLE;
#endif
