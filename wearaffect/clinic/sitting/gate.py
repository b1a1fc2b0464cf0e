"""What may be shown of an estimate: nothing before rest, purpose and consent."""

from wearaffect.clinic.sitting.state import SittingState
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome

__all__ = ["shown"]


def shown(state: SittingState, outcome: Outcome) -> Outcome:
    """Give an outcome as it may be shown, stored and sent on.

    Parameters
    ----------
    state : SittingState
        The sitting as it stands.
    outcome : AffectEstimate or Abstention
        What the bundle said.

    Returns
    -------
    AffectEstimate or Abstention
        The same; or an abstention that says why it is withheld and holds nothing of the estimate:
        the intended use isn't stated, or barred, there is no consent, or the window ended before
        the person's resting state was known.
    """
    reasons: tuple[str, ...] = state.withheld_because
    early = state.resting is not None and outcome.end_ns <= state.resting.taken_ns
    if early:
        reasons = (*reasons, "resting baseline not taken: the window is from before")
    if not reasons:
        return outcome
    own = () if isinstance(outcome, AffectEstimate) else outcome.reasons
    return Abstention(
        outcome.start_ns,
        outcome.end_ns,
        tuple(dict.fromkeys((*reasons, *own))),
        quality=outcome.quality,
        bundle_id=outcome.bundle_id,
        origin_ns=outcome.origin_ns,
    )
