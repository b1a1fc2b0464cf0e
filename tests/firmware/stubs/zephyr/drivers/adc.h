#ifndef ZEPHYR_ADC_STUB_H
#define ZEPHYR_ADC_STUB_H
#include <zephyr/kernel.h>
struct adc_dt_spec {
    const char *node;
};
#define ADC_DT_SPEC_GET(node) {node}
struct adc_sequence {
    void *buffer;
    size_t buffer_size;
};
int adc_channel_setup_dt(const struct adc_dt_spec *spec);
int adc_sequence_init_dt(const struct adc_dt_spec *spec, struct adc_sequence *sequence);
int adc_read_dt(const struct adc_dt_spec *spec, const struct adc_sequence *sequence);
#endif
