"""The fits against published parameters, closed forms and the package `lifetimes`, on the CDNOW sample it ships."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.special import gammaln, hyp2f1

from regulars.insight.lifetime import api as lifetime
from regulars.insight.lifetime import bgnbd, paretonbd


@pytest.fixture(scope="module")
def cdnow() -> Any:
    """2 357 customers of a music shop, calibration period of 39 weeks, times in weeks."""
    found = importlib.util.find_spec("lifetimes")
    assert found and found.origin
    return pd.read_csv(
        Path(found.origin).parent / "datasets" / "cdnow_customers_summary_with_transactions.csv"
    )


def oracle(name: str) -> Any:
    """A module of `lifetimes`, whose own start imports what newer Pythons no longer have."""
    import sys
    import types

    sys.modules.setdefault(
        "pkg_resources", types.SimpleNamespace(resource_filename=lambda *parts: "/".join(parts))
    )
    return importlib.import_module(f"lifetimes.{name}")


def test_bg_nbd_as_published(cdnow: Any) -> None:
    # Fader, Hardie and Lee 2005, table 2
    fitted = lifetime.fit_purchases(cdnow.x, cdnow.t_x, cdnow["T"])
    published = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    assert {name: round(value, 3) for name, value in fitted.parameters.items()} == published
    assert round(fitted.log_likelihood, 1) == -9582.4
    assert fitted.converged
    assert fitted.histories < fitted.members == 2357


def test_pareto_nbd_as_published(cdnow: Any) -> None:
    # the same table; its beta of 11.669 lies where the likelihood is level: ours may only be higher
    fitted = lifetime.fit_purchases(cdnow.x, cdnow.t_x, cdnow["T"], kind="pareto_nbd")
    assert round(fitted.parameters["r"], 3) == 0.553
    assert round(fitted.parameters["alpha"], 3) == 10.578
    assert round(fitted.parameters["s"], 3) == 0.606
    assert fitted.parameters["beta"] == pytest.approx(11.669, abs=0.002)
    assert round(fitted.log_likelihood, 1) == -9595.0
    grouped = lifetime.group(cdnow.x, cdnow.t_x, cdnow["T"])
    theirs, _ = paretonbd.log_likelihood(np.array([0.553, 10.578, 0.606, 11.669]), grouped)
    assert fitted.log_likelihood >= theirs
    assert fitted.converged


def test_gamma_gamma_as_published(cdnow: Any) -> None:
    # Fader and Hardie's note of 2013 on the 946 who came back: p 6.25, q 3.74, gamma 15.44
    again = cdnow[cdnow.x > 0]
    fitted = lifetime.fit_spend(again.x, again.zbar)
    assert fitted.members == 946
    assert (fitted.p, fitted.q, fitted.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)
    # the note's example: one repeat of 50 dollars draws to about 39.1, 35 being the population's mean
    assert fitted.mean == pytest.approx(35.1, abs=0.1)
    assert lifetime.expected_spend(fitted, [0], [0])[0] == pytest.approx(fitted.mean)


def test_bg_nbd_expects_as_lifetimes_does(cdnow: Any) -> None:
    fitted = lifetime.fit_purchases(cdnow.x, cdnow.t_x, cdnow["T"])
    other = oracle("fitters.beta_geo_fitter").BetaGeoFitter()
    other.params_ = pd.Series(dict(fitted.parameters))
    grouped = lifetime.group(cdnow.x, cdnow.t_x, cdnow["T"])
    ours = lifetime.expected_purchases(fitted, grouped, 39.0)[grouped.place]
    theirs = other.conditional_expected_number_of_purchases_up_to_time(
        39.0, cdnow.x.to_numpy(), cdnow.t_x.to_numpy(), cdnow["T"].to_numpy()
    )
    assert ours == pytest.approx(np.asarray(theirs), rel=1e-6)
    chance = other.conditional_probability_alive(cdnow.x, cdnow.t_x, cdnow["T"])
    assert lifetime.alive(fitted, grouped)[grouped.place] == pytest.approx(np.asarray(chance), rel=1e-9)


def test_pareto_nbd_expects_as_lifetimes_does(cdnow: Any) -> None:
    fitted = lifetime.fit_purchases(cdnow.x, cdnow.t_x, cdnow["T"], kind="pareto_nbd")
    other = oracle("fitters.pareto_nbd_fitter").ParetoNBDFitter()
    other.params_ = pd.Series(dict(fitted.parameters))
    grouped = lifetime.group(cdnow.x, cdnow.t_x, cdnow["T"])
    ours = lifetime.expected_purchases(fitted, grouped, 39.0)[grouped.place]
    theirs = other.conditional_expected_number_of_purchases_up_to_time(
        39.0, cdnow.x.to_numpy(), cdnow.t_x.to_numpy(), cdnow["T"].to_numpy()
    )
    assert ours == pytest.approx(np.asarray(theirs), rel=1e-5)


def closed_form(r: float, alpha: float, s: float, beta: float, x: float, last: float, now: float) -> float:
    """Log-likelihood of one history by the two hypergeometric functions of Fader and Hardie's note of 2005."""
    most, power = (alpha, s + 1) if alpha >= beta else (beta, r + x)
    least = min(alpha, beta)

    def part(at: float) -> float:
        series = hyp2f1(r + s + x, power, r + s + x + 1, (most - least) / (most + at))
        return float(np.log(series) - (r + s + x) * np.log(most + at))

    first = -(r + x) * np.log(alpha + now) - s * np.log(beta + now)
    gone = part(last) + np.log1p(-np.exp(min(part(now) - part(last), -1e-16))) if now > last else -np.inf
    either = np.logaddexp(first, np.log(s / (r + s + x)) + gone)
    return float(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + either)


@settings(max_examples=150, deadline=None)
@given(
    parameters=st.tuples(*[st.floats(0.2, 6.0)] * 4),
    x=st.integers(0, 25),
    now=st.floats(0.5, 30),
    part=st.floats(0.05, 0.95),
)
def test_pareto_nbd_likelihood_is_the_closed_form(
    parameters: tuple[float, ...], x: int, now: float, part: float
) -> None:
    last = now * part if x else 0.0
    grouped = lifetime.group([x], [last], [now])
    value, _ = paretonbd.log_likelihood(np.array(parameters), grouped)
    assert value == pytest.approx(closed_form(*parameters, x, last, now), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", [bgnbd, paretonbd])
@pytest.mark.parametrize("parameters", [(0.3, 4.0, 0.8, 2.4), (1.5, 0.6, 1.3, 0.2), (5.0, 30.0, 0.1, 80.0)])
def test_gradients_are_the_slopes(cdnow: Any, model: Any, parameters: tuple[float, ...]) -> None:
    grouped = lifetime.group(cdnow.x[:200], cdnow.t_x[:200], cdnow["T"][:200])
    at = np.array(parameters)
    _, slopes = model.log_likelihood(at, grouped)
    numeric = approx_fprime(at, lambda p: model.log_likelihood(p, grouped)[0], 1e-7 * at)
    assert slopes == pytest.approx(numeric, rel=2e-4, abs=2e-3)


@pytest.mark.parametrize("kind", ["bg_nbd", "pareto_nbd"])
def test_the_unit_of_time_does_not_matter(cdnow: Any, kind: Any) -> None:
    weeks = lifetime.fit_purchases(cdnow.x, cdnow.t_x, cdnow["T"], kind=kind)
    days = lifetime.fit_purchases(cdnow.x, cdnow.t_x * 7, cdnow["T"] * 7, kind=kind)
    assert days.parameters["alpha"] == pytest.approx(7 * weeks.parameters["alpha"], rel=1e-3)
    assert days.parameters["r"] == pytest.approx(weeks.parameters["r"], rel=1e-3)


@pytest.mark.parametrize("kind", ["bg_nbd", "pareto_nbd"])
def test_long_histories_do_not_overflow(kind: Any) -> None:
    """Daily buyers over ten years beside others: where the formulas as printed lose every digit."""
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.integers(2000, 3600, 50), rng.poisson(4, 400)])
    age = np.full(450, 3650.0)
    last = np.where(x > 0, np.minimum(age, age * rng.random(450) ** 0.1), 0)
    fitted = lifetime.fit_purchases(x, last, age, kind=kind)
    grouped = lifetime.group(x, last, age)
    expected = lifetime.expected_purchases(fitted, grouped, 365.0)
    assert np.isfinite(fitted.log_likelihood)
    assert np.isfinite(expected).all()
    assert (expected >= 0).all()
    assert ((lifetime.alive(fitted, grouped) >= 0) & (lifetime.alive(fitted, grouped) <= 1)).all()


def test_where_nobody_differs_in_stopping_the_plain_form_takes_over() -> None:
    """Just below the border the hypergeometric function is used, just above it the plain sum: both say the same."""
    grouped = lifetime.group([0, 3, 40, 200], [0, 50, 180, 199], [100, 100, 200, 200])
    for scale in (3.0, 300.0):
        below, above = (bgnbd.expected((0.8, 20.0, a, a * scale), grouped, 91.0) for a in (199.9, 200.1))
        assert above == pytest.approx(below, rel=0.01)
    assert np.isfinite(bgnbd.expected((0.8, 20.0, 1e6, 1e6), grouped, 91.0)).all()


def test_refuses_histories_that_cannot_be() -> None:
    for wrong in (([1], [5], [4]), ([-1], [0], [4]), ([0], [2], [4]), ([1], [float("nan")], [4])):
        with pytest.raises(ValueError, match=r"repeat"):
            lifetime.group(*wrong)
    with pytest.raises(ValueError, match="came back"):
        lifetime.fit_purchases([0, 0], [0, 0], [4, 5])
