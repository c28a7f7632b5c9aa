from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from regulars.platform.signin import policy

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_codes_are_six_digits_with_leading_zeros_and_spread_evenly():
    codes = [policy.new_code() for _ in range(20_000)]
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    # 20 000 draws: each first digit is expected 2 000 times, with a standard deviation of √(20 000 × 0.09) ≈ 42
    assert all(abs(n - 2000) < 300 for n in Counter(code[0] for code in codes).values())


def test_a_token_is_read_back_and_nonsense_is_none():
    member, secret = uuid4(), policy.new_secret()
    assert policy.read_session_token(policy.session_token(member, secret)) == (member, secret)
    for nonsense in (
        "",
        ".",
        "x" * 32 + "." + secret,
        member.hex,
        f"{member.hex}.short",
        f"{member.hex}.{'a' * 999}",
    ):
        assert policy.read_session_token(nonsense) is None


def test_a_session_lives_thirty_days_from_its_last_use_and_half_a_year_at_most():
    assert policy.session_end(NOW, NOW) == NOW + timedelta(days=30)
    late = NOW + timedelta(days=170)
    assert policy.session_end(NOW, late) == NOW + timedelta(days=180)


def test_the_refusal_says_how_long_to_wait():
    limit = policy.Limit("x", 1, timedelta(hours=1))
    refusal = policy.too_many(limit, NOW, NOW + timedelta(minutes=10, seconds=1))
    assert refusal.status == 429
    # 50 minutes less one second
    assert refusal.data == {"retry_after_seconds": 2999}
    assert refusal.message.en == "Too many attempts; please try again in 50 minutes"
    assert refusal.message.zh == "操作太频繁，请 50 分钟后再试"
