"""A member's consents in the portal: taken back as easily as given, hers alone."""

from __future__ import annotations

from tests.portal.world import PHONE, Browser


def choices(browser: Browser) -> dict[str, bool]:
    return {one["channel"]: one["granted"] for one in browser.get("consents")["choices"]}


def test_she_agrees_and_takes_it_back(brand, signed_in):
    brand.enrol(PHONE)
    browser = signed_in()
    assert not any(choices(browser).values()) and len(choices(browser)) == 6
    answer = browser.call("PUT", "consents", {"choices": {"sms": True, "email": True}})
    assert answer.status_code == 200
    assert [c["channel"] for c in answer.json()["choices"] if c["granted"]] == ["sms", "email"]
    browser.call("PUT", "consents", {"choices": {"sms": False}})
    assert [channel for channel, granted in choices(browser).items() if granted] == ["email"]
    text = browser.get("consents")["choices"][0]["text"]
    assert "Morning Store" in text and "text message" in text


def test_wrong_choices_change_nothing(brand, signed_in):
    brand.enrol(PHONE)
    browser = signed_in()
    for given in ({}, {"fax": True}, {"sms": "perhaps"}):
        assert browser.call("PUT", "consents", {"choices": given}).status_code == 422, given
    assert not any(choices(browser).values())


def test_a_stranger_is_asked_to_sign_in(brand):
    stranger = Browser(brand.slug).open()
    assert stranger.call("GET", "consents").status_code == 401
    assert stranger.call("PUT", "consents", {"choices": {"sms": True}}).status_code == 401
