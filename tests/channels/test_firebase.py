"""Firebase on loopback: the token for an assertion, what is asked, what answers mean."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.channels.conftest import Receiver, envelope
from tests.channels.wires import NOW, answers, deliver

from regulars.messaging.channels.registry import PROVIDERS
from regulars.messaging.channels.wire import BadSetting, Refused


@pytest.fixture(scope="module")
def private_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def firebase(receiver: Receiver, private_key: RSAPrivateKey) -> dict[str, str]:
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account", "project_id": "cafe-1", "private_key_id": "K1", "private_key": pem,
        "client_email": "push@cafe-1.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    return {
        "service_account": json.dumps(account),
        "endpoint": receiver.url(""),
        "token_endpoint": receiver.url("/token"),
    }


def test_an_access_token_of_google_s_for_an_assertion_that_the_account_signs(receiver, firebase, private_key):
    answers(receiver, "/token", {"access_token": "ya29.T", "expires_in": 3599, "token_type": "Bearer"})
    access = PROVIDERS["fcm"].grant(firebase, lambda: NOW)
    assert (access.token, access.seconds) == ("ya29.T", 3599)
    [(headers, body)] = receiver.messages("/token")
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    form = parse_qs(body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = form["assertion"][0].split(".")

    def part(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    assert json.loads(part(head)) == {"alg": "RS256", "typ": "JWT", "kid": "K1"}
    at = int(NOW.timestamp())
    assert json.loads(part(claims)) == {
        "iss": "push@cafe-1.iam.gserviceaccount.com", "aud": "https://oauth2.googleapis.com/token",
        "scope": "https://www.googleapis.com/auth/firebase.messaging", "iat": at, "exp": at + 3600,
    }  # fmt: skip
    private_key.public_key().verify(part(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    refused = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    answers(receiver, "/token", refused, 400)
    with pytest.raises(Refused, match=r"invalid_grant: Invalid JWT Signature\."):
        PROVIDERS["fcm"].grant(firebase, lambda: NOW)


PUSH = "/v1/projects/cafe-1/messages:send"


def test_a_push_as_firebase_wants_it(receiver, firebase):
    answers(receiver, PUSH, {"name": "projects/cafe-1/messages/0:15"})
    one = envelope("device-1", channel="push", extra={"url": "https://m.example.com/s/x"})
    [done] = deliver("fcm", firebase, one)
    assert (done.state, done.reference) == ("sent", "projects/cafe-1/messages/0:15")
    [(headers, body)] = receiver.messages(PUSH)
    assert headers["authorization"] == "Bearer T"
    assert json.loads(body) == {
        "message": {
            "token": "device-1",
            "notification": {"title": "晨光好礼", "body": "您好"},
            "data": {"send": str(one.id), "url": "https://m.example.com/s/x"},
            "android": {"ttl": "86400s"},
            "apns": {"headers": {"apns-expiration": str(int(NOW.timestamp()) + 86400)}},
        }
    }


def said(status: str, code: str = "", text: str = "", *violated: str) -> dict[str, Any]:
    details: list[dict[str, Any]] = []
    if code:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
    if violated:
        broken = [{"field": field, "description": "bad"} for field in violated]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": broken})
    return {"error": {"code": 0, "message": text, "status": status, "details": details}}


NO_TOKEN = "The registration token is not a valid FCM registration token"


@pytest.mark.parametrize(
    ("answer", "status", "state", "reason"),
    [
        (said("NOT_FOUND", "UNREGISTERED", "Requested entity was not found."), 404, "failed", "bad_address"),
        (said("INVALID_ARGUMENT", "INVALID_ARGUMENT", "x", "message.token"), 400, "failed", "bad_address"),
        (said("INVALID_ARGUMENT", "INVALID_ARGUMENT", NO_TOKEN), 400, "failed", "bad_address"),
        (said("INVALID_ARGUMENT", "INVALID_ARGUMENT", "x", "message.data"), 400, "failed", "refused"),
        (said("INVALID_ARGUMENT", "", "too large"), 400, "failed", "refused"),
        (said("PERMISSION_DENIED", "SENDER_ID_MISMATCH"), 403, "failed", "refused"),
        (said("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), 429, "retry", ""),
        (said("UNAVAILABLE", "UNAVAILABLE"), 503, "retry", ""),
        (said("INTERNAL", "INTERNAL"), 500, "uncertain", ""),
        (b"<!DOCTYPE html>", 502, "uncertain", ""),
        (said("UNAUTHENTICATED", "", "invalid authentication credentials"), 401, "retry", "stale_token"),
        (said("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), 401, "retry", ""),
        (said("PERMISSION_DENIED"), 403, "retry", ""),
        (said("NOT_FOUND", "", "Project not found"), 404, "retry", ""),
        ({}, 200, "uncertain", ""),
    ],
)
def test_what_firebase_says_and_what_it_means(receiver, firebase, answer, status, state, reason):
    answers(receiver, PUSH, answer, status)
    [done] = deliver("fcm", firebase, envelope("device-1", channel="push"))
    assert (done.state, done.reason) == (state, reason)


def test_firebase_says_when_to_try_again(receiver, firebase):
    answers(receiver, PUSH, said("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), 429, **{"Retry-After": "120"})
    [done] = deliver("fcm", firebase, envelope("device-1", channel="push"))
    assert (done.state, done.retry_in_seconds) == ("retry", 120)


def test_a_check_of_firebase_sends_nothing(receiver, firebase):
    fcm = PROVIDERS["fcm"]
    answers(receiver, PUSH, said("INVALID_ARGUMENT", "INVALID_ARGUMENT", "x", "message.token"), 400)
    fcm.check(firebase, "T", lambda: NOW)
    assert json.loads(receiver.messages(PUSH)[0][1])["validate_only"] is True
    for status, answer in ((403, said("PERMISSION_DENIED")), (404, said("NOT_FOUND", "", "no project"))):
        answers(receiver, PUSH, answer, status)
        with pytest.raises(Refused, match=answer["error"]["status"]):
            fcm.check(firebase, "T", lambda: NOW)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "authorized_user"}, "whole JSON file"),
        ({"client_email": ""}, "no client_email"),
        ({"project_id": "../other"}, "cannot be used"),
        ({"token_uri": "file:///etc/passwd"}, "cannot be used"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}, "private_key"),
        (None, "whole JSON file"),
    ],
)
def test_a_service_account_that_cannot_be_used_names_its_field(firebase, change, message):
    account = "{" if change is None else json.dumps({**json.loads(firebase["service_account"]), **change})
    with pytest.raises(BadSetting, match=message) as caught:
        PROVIDERS["fcm"].connect({**firebase, "service_account": account}, "", lambda: NOW)
    assert caught.value.field == "service_account" and caught.value.message.zh != caught.value.message.en
