"""Check the log of a draw, with the standard library alone: python verify_draw.py https://shop.example/api/portal/<brand>/draws/<draw>/log

Reads every page of the log; for each draw whose seed was revealed it reckons hash, number and prize again.
"""

import hashlib
import hmac
import json
import sys
import urllib.request
from fractions import Fraction

LINE = 2**256


def read(address):
    """The whole log: seeds and odds of the first page, draws of all pages."""
    with urllib.request.urlopen(address) as answer:  # noqa: S310
        log = json.load(answer)
    before = log["next_before"]
    while before:
        with urllib.request.urlopen(f"{address}?before={before}") as answer:  # noqa: S310
            page = json.load(answer)
        log["plays"] += page["plays"]
        before = page["next_before"]
    return log


def prize_at(prizes, number):
    """The first prize whose upper bound, 2^256 times the odds so far rounded down, lies above the number."""
    total, last = Fraction(0), None
    for prize in prizes:
        odds = Fraction(prize["odds"])
        total += odds
        if odds:
            last = prize["key"]
            if int(number, 16) < LINE * total.numerator // total.denominator:
                return prize["key"]
    return last


def check(log):
    """(draws that are right, draws that are wrong with what is wrong, draws whose seed is not revealed yet)."""
    seeds = {seed["number"]: seed for seed in log["seeds"]}
    odds = {version["number"]: version["prizes"] for version in log["versions"]}
    right, wrong, waiting = 0, [], 0
    for version, prizes in odds.items():
        if sum(Fraction(prize["odds"]) for prize in prizes) != 1:
            wrong.append((f"version {version}", "odds do not add up to 1"))
    counts = {}
    for play in log["plays"]:
        counts.setdefault((play["seed"], play["client_seed"]), []).append(play["nonce"])
        seed = seeds[play["seed"]]
        if not seed["seed"]:
            waiting += 1
            continue
        text = f"{play['client_seed']}:{play['nonce']}".encode()
        number = hmac.new(seed["seed"].encode(), text, hashlib.sha256).hexdigest()
        if hashlib.sha256(seed["seed"].encode()).hexdigest() != seed["hash"]:
            wrong.append((play["id"], "the seed is not the one whose hash was published"))
        elif number != play["number"]:
            wrong.append((play["id"], "the number does not follow from the seeds"))
        elif prize_at(odds[play["version"]], number) != play["drawn"]:
            wrong.append((play["id"], "the number says another prize"))
        elif play["prize"] != play["drawn"] and play["why"] == "odds":
            wrong.append((play["id"], "another prize was given without a reason"))
        else:
            right += 1
    for (seed, client), nonces in counts.items():
        if len(set(nonces)) != len(nonces):
            wrong.append((f"{seed}/{client}", "a count came twice"))
        elif max(nonces) - min(nonces) + 1 != len(nonces):
            wrong.append((f"{seed}/{client}", "a draw is missing from the log"))
    return right, wrong, waiting


if __name__ == "__main__":
    right, wrong, waiting = check(read(sys.argv[1]))
    print(f"{right} draws right, {len(wrong)} wrong, {waiting} wait for their seed")
    for what, why in wrong:
        print(f"  {what}: {why}")
    sys.exit(bool(wrong))
