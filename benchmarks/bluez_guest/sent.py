"""What the wearables send, as both sides know it."""

NAME = "WA strap"
ADDRESS = "F0:F1:F2:F3:F4:F5"
FIRST = 600  # the n-th beat's interval is (FIRST + n) / 1024 s
IN_A_ROW = 60  # beats between faults
TURNS = 3  # it hangs up, goes out of range, and hangs up

BAND = "WA band"
BAND_HZ = 32
BAND_STEP_US = 0.001  # the n-th sample since it was switched on is n steps
