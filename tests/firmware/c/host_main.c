#include "selftest.h"
#include <stdio.h>

int main(void)
{
    int line = selftest();
    unsigned encoded = encode_frames(3), decoded = decode_frames(3);
    printf("line %d, encoded %u, decoded %u\n", line, encoded, decoded);
    return line != 0;
}
