"""The plain model and what is chosen on people left out."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from wearaffect.bundle.belief import Calibration
from wearaffect.learning.calibration import (
    Odds,
    believed,
    calibrate,
    first_doubts,
    groups_left_out,
)
from wearaffect.learning.heads import INDEX_SHARE, sympathetic_inputs
from wearaffect.learning.plain import fit_plain, without_rest
from wearaffect.learning.table import PersonTable
from wearaffect.learning.training import fit_encoder, left_out_plain


def test_the_map_is_what_scikit_learn_fits_to_balanced_people(people) -> None:
    """One person without rest, so that the rows can be written down by hand."""
    alone = [people[0].without_rest()]
    encoder = fit_encoder(alone, 60.0)
    head = fit_plain(alone, encoder)
    index = alone[0].labelled(("baseline", "stress", "amusement", "meditation"))
    x = encoder.encode(alone[0].pick(index)).features.astype(float)
    x *= sympathetic_inputs(encoder.names)
    y = np.array([alone[0].labels[i] == "stress" for i in index])
    # a class weight is the same balance, up to the scale of the penalty
    model = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000).fit(x, y)
    with torch.no_grad():
        got = head.learned(torch.from_numpy(x.astype(np.float32))).numpy()
    np.testing.assert_allclose(got, model.decision_function(x), atol=2e-3)


def test_movement_is_no_sign_of_stress(people) -> None:
    encoder = fit_encoder(people, 60.0)
    head = fit_plain(people, encoder)
    weights = head.stress.weight[0].detach().numpy()
    names = encoder.names * 3
    acc = [i for i, name in enumerate(names) if name.startswith("acc_") or name == "ibi_coverage"]
    assert len(acc) == 12
    assert not weights[acc].any()
    assert weights[-4] == 0  # the index enters as the prior alone
    assert np.abs(head.amused.weight[0].detach().numpy()[acc]).max() > 0


def test_the_index_counts_as_much_as_it_says(people) -> None:
    encoder = fit_encoder(people, 60.0)
    head = fit_plain(people, encoder)
    features = torch.from_numpy(encoder.encode(people[0].windows).features)
    more = features.clone()
    more[:, -4] += 1.0
    with torch.no_grad():
        a, b = (head.prior(x, head.learned(x)) for x in (features, more))
    np.testing.assert_allclose(
        (b - a).numpy(), INDEX_SHARE * float(head.prior.gain.detach()), rtol=1e-3, atol=1e-4
    )


def test_nobody_is_asked_who_was_fitted_on(people) -> None:
    """Spoil one person's signals: their own odds change, nobody's weights for them do."""
    encoder = fit_encoder(people, 60.0)
    whole = left_out_plain(people, encoder, seed=1)
    other = dataclasses.replace(people[0], subject=people[-1].subject)
    shorter = left_out_plain([*people[:-1], other], encoder, seed=1)
    groups = groups_left_out(people, 5, 1)
    together = next(g for g in groups if len(people) - 1 in g)
    # whoever was left out together with the last person never saw them
    for i in set(together.tolist()) - {len(people) - 1}:
        np.testing.assert_array_equal(whole[i][0][0], shorter[i][0][0])
    assert sorted(np.concatenate(groups).tolist()) == list(range(len(people)))


def test_sittings_of_a_person_are_left_out_together(people) -> None:
    twice = [*people, *(dataclasses.replace(p, sitting="2") for p in people[::-1])]
    groups = groups_left_out(twice, 2, 1)
    assert len(groups) == 2
    sides = [{twice[i].id for i in group} for group in groups]
    assert not sides[0] & sides[1]
    assert sorted(np.concatenate(groups).tolist()) == list(range(len(twice)))


def test_without_rest_is_what_the_encoder_gives_without_rest(people) -> None:
    encoder = fit_encoder(people, 60.0)
    table: PersonTable = people[0]
    features = encoder.encode(table.windows).features.astype(float)
    bare = encoder.encode(table.without_rest().windows).features
    np.testing.assert_array_equal(without_rest(features), bare)


@pytest.fixture
def odds(people):
    """Answers that are right and far too sure: +-8 whatever happens, wrong in every fourth."""
    found = []
    for table in people:
        right = np.array([8.0 if label == "stress" else -8.0 for label in table.labels])
        blocks = (np.arange(right.size) // 60) % 4 == 3
        found.append([Odds(*(np.where(blocks, -right, right),) * 3)])
    return found


def test_too_sure_answers_are_cooled_and_the_least_sure_silenced(people, odds) -> None:
    chosen = calibrate(people, odds)
    assert chosen.temperature > 1.0
    assert chosen.calm_temperature > 1.0  # it takes stress for amusement, and never doubts
    answered, total = 0, 0
    for table, ((learned, _, _),) in zip(people, odds, strict=True):
        fine = [not why for why in first_doubts(table, chosen)]
        p = believed(table, 1 / (1 + np.exp(-learned)), chosen, fine)
        scored = table.labelled()
        sure = np.abs(2 * p[scored] - 1) >= chosen.least_certainty
        answered += int((sure & np.array(fine)[scored]).sum())
        total += scored.size
    assert 0.7 <= answered / total <= 0.95


def test_the_gate_costs_a_quarter_of_stress(people, odds) -> None:
    chosen = calibrate(people, odds)
    still = np.array(
        [t.windows[i].features["acc_still"] for t in people for i in t.labelled(("stress",))]
    )
    gated, ungated = (still < chosen.least_still).mean(), (still <= chosen.least_still).mean()
    assert gated <= 0.25 <= ungated  # a quantile, whatever the ties
    impossible = Calibration(least_still=1.01)
    assert set(first_doubts(people[0], impossible)) <= {"acc: exercise", "bvp: few_beats"}
