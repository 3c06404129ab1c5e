"""Why a trained network takes what it takes, in a report and in words."""

import io

import numpy as np
from booked import PROFILE
from scipy.sparse import csr_array

from neurosparse.graph import feedforward
from neurosparse.hardware.library import load_profile
from neurosparse.mapping.plan import make_plan
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.report.explanation import explanation
from neurosparse.report.facts import facts
from neurosparse.report.terminal import print_report


def network(sizes=(40, 300, 10), synapses=(900, 500), seed=1):
    rng = np.random.default_rng(seed)
    projections, names = [], ["input", "hidden1", "output"]
    for k, (n_pre, n_post, count) in enumerate(zip(sizes[:-1], sizes[1:], synapses, strict=True)):
        place = np.sort(rng.choice(n_pre * n_post, count, replace=False))
        weight = csr_array((rng.normal(size=count).astype(np.float32), np.divmod(place, n_post)), shape=(n_pre, n_post))
        projections.append(
            TrainedProjection(
                f"{names[k]}-{names[k + 1]}", names[k], names[k + 1], weight, np.zeros(n_post, np.float32)
            )
        )
    return TrainedNetwork(tuple(projections))


def plan(profile=PROFILE):
    return make_plan(feedforward((40, 300, 10), (900, 500)), profile)


def test_the_reasons_add_up_to_the_matrix_that_the_report_counts():
    trained = network()
    reasons, report = explanation(plan(), trained), facts(plan(), trained, {}, [], {})
    # What is booked rounds the sources of a population on several cores up to full cores: 300 to 512.
    for population, sources, rounded in (("hidden1", 40, 40), ("output", 300, 512)):
        causes = [cause for cause in reasons["projections"] if cause["post"] == population]
        core = next(core for core in report["cores"] if core["population"] == population)
        booked = core["regions"]["synaptic_matrix"]
        assert 0 <= booked - sum(cause["bytes"] for cause in causes) < 8 + 16 * 2 * len(causes)
        assert all(cause["rows"] == rounded >= sources for cause in causes)
        assert abs(sum(cause["share"] for cause in causes) - 1) < 1e-12
        counts = {c["receptor"]: c["row"] for c in causes}
        assert counts == next(p for p in report["synapses"]["projections"] if p["post"] == population)["longest_row"]
    assert sum(cause["synapses"] for cause in reasons["projections"]) == 1_400
    assert report["explanation"] == reasons


def test_a_machine_without_rows_has_no_such_reasons():
    trained = network((40, 60, 10), (200, 100))
    machine = load_profile("dynapse2")
    assert explanation(make_plan(feedforward((40, 60, 10), (200, 100)), machine), trained) is None


def test_the_reasons_are_printed():
    file = io.StringIO()
    print_report(facts(plan(), network(), {}, [], {}), file)
    text = file.getvalue()
    assert "rows of input-hidden1 excitatory: room for " in text
    assert "not verified on hardware" in text
