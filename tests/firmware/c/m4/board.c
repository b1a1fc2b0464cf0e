/* A bare Cortex-M4: vectors, the five functions of string.h, a console and exit by semihosting,
   and SysTick, which qemu -icount moves on by instructions executed. */
#include <stdint.h>
#include <string.h>

#include "selftest.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018)

extern uint32_t bss_start, bss_end, data_start, data_end, data_from, stack_top;

void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
    return to;
}

void *memset(void *to, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)to)[i] = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (((const uint8_t *)a)[i] != ((const uint8_t *)b)[i]) {
            return 1;
        }
    }
    return 0;
}

void *memchr(const void *in, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (((const uint8_t *)in)[i] == (uint8_t)value) {
            return (uint8_t *)(uintptr_t)in + i;
        }
    }
    return NULL;
}

size_t strlen(const char *text)
{
    size_t n = 0;
    while (text[n] != 0) {
        n++;
    }
    return n;
}

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void tell(const char *name, uint32_t number)
{
    char text[12];
    size_t at = sizeof text;
    text[--at] = 0;
    text[--at] = '\n';
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    semihost(0x04, name); /* SYS_WRITE0 */
    semihost(0x04, text + at);
}

static uint32_t ticks(uint32_t (*work)(uint32_t), uint32_t n)
{
    SYSTICK_RELOAD = 0xFFFFFF;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 5; /* the processor's clock, no interrupt */
    uint32_t before = SYSTICK_VALUE;
    (void)work(n);
    return (before - SYSTICK_VALUE) & 0xFFFFFF;
}

static void reset(void)
{
    memcpy(&data_start, &data_from, (size_t)((uint8_t *)&data_end - (uint8_t *)&data_start));
    memset(&bss_start, 0, (size_t)((uint8_t *)&bss_end - (uint8_t *)&bss_start));
    int line = selftest();
    tell("line ", (uint32_t)line);
    tell("encode_ticks ", ticks(encode_frames, 1000));
    tell("decode_ticks ", ticks(decode_frames, 1000));
    const uint32_t exit_block[2] = {0x20026, line != 0}; /* ADP_Stopped_ApplicationExit */
    semihost(0x20, exit_block);                          /* SYS_EXIT_EXTENDED */
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[2] = {
    &stack_top,
    (const void *)reset,
};
