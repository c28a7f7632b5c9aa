from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from regulars.kit.errors import Refusal
from regulars.platform.signin import api
from regulars.platform.signin.types import Address

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def an_address(**changes) -> Address:
    return Address(**({"brand_id": uuid4(), "hash": uuid4(), "purpose": "sign_in"} | changes))


def issue(address: Address, now: datetime = NOW, ip: str = "192.0.2.1") -> str:
    return api.issue_code(address=address, ip=ip, now=now)


def check(address: Address, code: str, now: datetime = NOW, ip: str = "192.0.2.1") -> str:
    return api.check_code(address=address, code=code, ip=ip, now=now)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def refused(code: str):
    return pytest.raises(Refusal, match=code)


def test_the_right_code_proves_the_address_once():
    address = an_address()
    proof = check(address, issue(address))
    api.use_proof(address=address, proof=proof, now=NOW + 19 * MINUTE)
    with refused("not_proven"):
        api.use_proof(address=address, proof=proof, now=NOW + 19 * MINUTE)


def test_a_code_is_of_its_brand_purpose_and_owner_only():
    address = an_address()
    code = issue(address)
    for other in (
        an_address(hash=address.hash),
        an_address(brand_id=address.brand_id),
        Address(address.brand_id, address.hash, "add_identity"),
        Address(address.brand_id, address.hash, "sign_in", owner=uuid4()),
    ):
        with refused("invalid_input"):
            check(other, code)
    check(address, code)


def test_a_code_dies_after_five_minutes_five_tries_its_use_and_its_successor():
    late = an_address()
    code = issue(late)
    with refused("invalid_input"):
        check(late, code, NOW + 5 * MINUTE)
    tried = an_address()
    code = issue(tried)
    for _ in range(5):
        with refused("invalid_input"):
            check(tried, other_than(code))
    with refused("invalid_input"):
        check(tried, code)
    used = an_address()
    code = issue(used)
    check(used, code)
    with refused("invalid_input"):
        check(used, code)
    renewed = an_address()
    first, second = issue(renewed), issue(renewed, NOW + MINUTE)
    if first != second:
        with refused("invalid_input"):
            check(renewed, first, NOW + MINUTE)
    check(renewed, second, NOW + MINUTE)


def test_wrong_expired_and_never_sent_are_told_apart_by_nothing():
    sent, expired = an_address(), an_address()
    codes = issue(sent), issue(expired)
    answers = []
    for address, code, at in (
        (sent, other_than(codes[0]), NOW),
        (expired, codes[1], NOW + 6 * MINUTE),
        (an_address(), "123456", NOW),
    ):
        with pytest.raises(Refusal) as refusal:
            check(address, code, at)
        answers.append(refusal.value.to_problem("zh"))
    assert answers[0] == answers[1] == answers[2]


def test_one_code_a_minute_six_an_hour():
    address = an_address()
    issue(address)
    with pytest.raises(Refusal) as refusal:
        issue(address, NOW + timedelta(seconds=20))
    assert refusal.value.status == 429
    assert refusal.value.data == {"retry_after_seconds": 40}
    for n in range(1, 6):
        issue(address, NOW + n * 2 * MINUTE)
    with refused("too_many_attempts"):
        issue(address, NOW + 20 * MINUTE)
    issue(address, NOW + 61 * MINUTE)


def test_an_ip_that_asks_for_many_addresses_is_held_back():
    for _ in range(60):
        issue(an_address(), ip="198.51.100.7")
    with refused("too_many_attempts"):
        issue(an_address(), ip="198.51.100.7")
    issue(an_address(), ip="198.51.100.8")


def test_ten_wrong_tries_lock_the_address_for_the_hour_even_for_the_right_code():
    address = an_address()
    for n in range(2):
        code = issue(address, NOW + n * 2 * MINUTE)
        for _ in range(5):
            with refused("invalid_input"):
                check(address, other_than(code), NOW + n * 2 * MINUTE, ip=f"192.0.2.{n}")
    code = issue(address, NOW + 5 * MINUTE)
    with refused("too_many_attempts"):
        check(address, code, NOW + 5 * MINUTE, ip="203.0.113.1")
    code = issue(address, NOW + 62 * MINUTE)
    check(address, code, NOW + 62 * MINUTE)


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_have_five_tries_together():
    address = an_address()
    code = issue(address)
    guesses = [other_than(code)] * 12

    def guess(n: int) -> str:
        try:
            check(address, guesses[n], ip=f"192.0.2.{n}")
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "in"

    with ThreadPoolExecutor(6) as pool:
        assert "in" not in set(pool.map(guess, range(12)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT tries FROM one_time_code")
        assert cursor.fetchall() == [(5,)]


def test_the_tables_hold_no_code_and_no_token():
    address, member = an_address(), uuid4()
    code = issue(address)
    token = api.open_session(organisation_id=uuid4(), brand_id=address.brand_id, member_id=member, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT one_time_code::text FROM one_time_code")
        assert f",{code}," not in cursor.fetchone()[0]
        cursor.execute("SELECT encode(digest, 'escape') FROM member_session")
        assert token.partition(".")[2] not in cursor.fetchone()[0]


def test_a_session_is_of_one_brand_ends_unused_and_on_leaving():
    organisation, brand, member = uuid4(), uuid4(), uuid4()

    def session(token: str, at: datetime = NOW, of: object = brand):
        return api.get_session(token=token, brand_id=of, now=at)

    token = api.open_session(organisation_id=organisation, brand_id=brand, member_id=member, now=NOW)
    found = session(token)
    assert found and (found.member_id, found.organisation_id) == (member, organisation)
    assert session(token, of=uuid4()) is None
    assert session(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert session(token, NOW + timedelta(days=29)) is not None  # used: thirty more days
    assert session(token, NOW + timedelta(days=58)) is not None
    assert session(token, NOW + timedelta(days=89)) is None
    token = api.open_session(organisation_id=organisation, brand_id=brand, member_id=member, now=NOW)
    api.close_session(token=token)
    assert session(token) is None
    tokens = [
        api.open_session(organisation_id=organisation, brand_id=brand, member_id=member, now=NOW)
        for _ in range(2)
    ]
    assert api.close_sessions(member_id=member) >= 2
    assert [session(t) for t in tokens] == [None, None]


def test_what_has_had_its_time_is_forgotten():
    address = an_address()
    issue(address)
    api.open_session(organisation_id=uuid4(), brand_id=address.brand_id, member_id=uuid4(), now=NOW)
    assert api.prune(NOW) == 0
    # one code, one session, four counts
    assert api.prune(NOW + timedelta(days=200)) == 6
