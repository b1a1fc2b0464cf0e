/* The few names of Arduino's core that the example uses: declarations only, for a syntax check. */
#ifndef ARDUINO_STUB_H
#define ARDUINO_STUB_H
#include <stdint.h>
enum { A0, A1, A2, A3 };
int analogRead(uint8_t pin);
unsigned long micros();
void delay(unsigned long ms);
#endif
