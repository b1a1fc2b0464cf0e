"""Board "paper": figures like those of arXiv:2505.18169, and what of them survives.

Row-wise splits and questionnaires as inputs are allowed in this package alone, by its name.
"""
