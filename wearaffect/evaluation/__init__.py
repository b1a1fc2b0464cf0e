"""Boards, protocols, controls and metrics. Refuses choosing models on the people it scores."""
