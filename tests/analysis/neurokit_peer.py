"""NeuroKit2 as a peer to compare with: asked quietly, since it warns of itself."""

import warnings


def ask(name, *args, **kwargs):
    """Call one of NeuroKit2's functions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2

        return getattr(neurokit2, name)(*args, **kwargs)


def systolic_peaks(clean, sampling_rate):
    """Its peaks by Elgendi's method; it raises where no pulse begins."""
    try:
        found = ask("ppg_findpeaks", clean, sampling_rate=sampling_rate, method="elgendi")
    except IndexError:
        return []
    return found["PPG_Peaks"].tolist()


def hrv(name, peaks, sampling_rate):
    """One of its tables of heart rate variability as a dictionary, in our spelling."""
    table = ask(name, peaks, sampling_rate=sampling_rate)
    return {column.lower(): float(table[column].iloc[0]) for column in table}
