"""Accounts: a setting that cannot work is named, in the words of who typed it, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.payments.loopback import make_keys
from tests.rest.shop import Shop, open_shop

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.payments import api as payments
from regulars.platform.payments.models import PaymentAccount

pytestmark = pytest.mark.django_db
KEYS = make_keys()
CURVE = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode()
)
ALIPAY = {"app_id": "2021000000000001", "private_key": KEYS.private_pem, "public_key": KEYS.public_pem}
WECHAT = {
    "mchid": "1900000001", "appid": "wx1", "serial": "5F3A0C", "private_key": KEYS.private_pem,
    "apiv3_key": "k" * 32, "public_key_id": "PUB_KEY_ID_1", "public_key": KEYS.public_pem,
}  # fmt: skip


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def put(shop: Shop, provider: str, values: dict[str, str]) -> Any:
    return payments.put_account(
        scope=shop.scope,
        key="one",
        provider=provider,
        name=Text("收款", "Money in"),
        values=values,
        now=shop.now,
    )


@pytest.mark.parametrize(
    ("provider", "good", "field", "wrong", "en"),
    [
        ("simulator", {}, "delay_seconds", "soon", "A whole number from 0 to 604800"),
        ("simulator", {}, "lose", "²", "A whole number from 0 to 12"),
        ("simulator", {}, "repeat", "9" * 5000, "A whole number from 0 to 20"),
        ("wechat", WECHAT, "apiv3_key", "short", "An APIv3 key has 32 characters"),
        ("wechat", WECHAT, "private_key", "no key", "Not a readable key: an RSA key in PEM"),
        ("wechat", WECHAT, "private_key", CURVE, "Not a readable key: an RSA key in PEM"),
        ("wechat", WECHAT, "public_key", "no key", "Not a readable key: an RSA key in PEM"),
        ("alipay", ALIPAY, "private_key", "密钥", "Not a readable key: an RSA key, as PEM or base64"),
        ("alipay", ALIPAY, "private_key", CURVE, "Not a readable key: an RSA key, as PEM or base64"),
        ("alipay", ALIPAY, "public_key", "no key", "Not a readable key: an RSA key, as PEM or base64"),
    ],
)
def test_a_setting_that_cannot_work_is_named(shop, provider, good, field, wrong, en):
    with pytest.raises(Refusal) as refused:
        put(shop, provider, {**good, field: wrong})
    [error] = refused.value.errors
    assert (refused.value.status, error.field, error.message.en) == (422, f"settings.{field}", en)
    assert error.message.zh != en
    assert not PaymentAccount.objects.filter(brand_id=shop.scope.brand_id).exists()

    put(shop, provider, good)
    with pytest.raises(Refusal):
        put(shop, provider, {**good, field: wrong})
    kept = payments.get_account(scope=shop.scope, key="one")
    assert kept.settings == {key: one.strip() for key, one in good.items() if key not in kept.secrets}
