"""What estimates are for, and where the law bars them."""

import itertools
import json

import pytest

from wearaffect.clinic.sitting.purpose import Consent, IntendedUse, Purpose, Setting

WORK_AND_SCHOOL = ("workplace", "education")


@pytest.mark.parametrize(("setting", "purpose"), list(itertools.product(Setting, Purpose)))
def test_work_and_education_are_barred_save_for_medical_and_safety(
    setting: Setting, purpose: Purpose
) -> None:
    with_grounds = IntendedUse(setting, purpose, "procedure 12")
    bare = IntendedUse(setting, purpose, " ")
    if setting.value not in WORK_AND_SCHOOL:
        assert not with_grounds.barred
        assert not bare.barred
    elif purpose.value in ("medical", "safety"):
        assert not with_grounds.barred
        assert "grounds" in bare.barred
    else:
        assert "barred" in with_grounds.barred
        assert "Art. 5(1)(f)" in with_grounds.barred
        assert "barred" in bare.barred


def test_the_sentence_says_all_of_it() -> None:
    use = IntendedUse(Setting.CLINIC, Purpose.RESEARCH, "study 7")
    for part in ("clinic", "research", "study 7", "not a medical device"):
        assert part in use.sentence
    assert IntendedUse.from_dict(json.loads(json.dumps(use.as_dict()))) == use


def test_no_other_use_can_be_stated() -> None:
    for told in ({"setting": "bar", "purpose": "research"}, {"setting": "home", "purpose": "hire"}):
        with pytest.raises(ValueError, match="is not a valid"):
            IntendedUse.from_dict(told | {"grounds": ""})


def test_consent_is_whole_or_refused() -> None:
    consent = Consent(recording=True, estimates=True, document="v3", keep_days=30)
    assert Consent.from_dict(json.loads(json.dumps(consent.as_dict()))) == consent
    for wrong in ({"keep_days": 0}, {"keep_days": True}, {"keep_days": 1.5}, {"estimates": "yes"}):
        with pytest.raises(ValueError, match="expected"):
            Consent.from_dict({"recording": True} | wrong)
