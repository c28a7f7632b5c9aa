"""Draws as one member sees them, and their log as anybody does: for her own pages and the public API."""

from __future__ import annotations

from uuid import UUID

from regulars.engage.missions.api import draws
from regulars.engage.missions.policy import draws as draw_policy
from regulars.engage.missions.types.draws import DRAW, WHYS, Draw, DrawDefinition, DrawPrize, Play
from regulars.flows.missions import api as flow
from regulars.flows.missions.api import Drawn
from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Language
from regulars.platform.organisations.types import Brand
from regulars.surfaces import play_shapes as shapes
from regulars.surfaces.play_views import Player
from regulars.value.ledger import api as ledger


class Drawer(Player):
    """One member at the draws."""

    def draws(self) -> shapes.DrawsOut:
        found = [one for one in draws.list_draws(brand_id=self.brand.id) if one.state in ("active", "paused")]
        return shapes.DrawsOut(items=[self.draw(one.key, one) for one in found])

    def draw(self, key: str, found: Draw | None = None) -> shapes.DrawShownOut:
        found = found or draws.get_draw(brand_id=self.brand.id, key=key)
        if found.state == "draft":
            raise not_found(DRAW)
        made = draws.published(brand_id=self.brand.id, key=key, version=found.live)
        try:
            flow.check_draw_open(found, self.brand.timezone, self.now)
            is_open = True
        except Refusal:
            is_open = False
        has = flow.chances(brand=self.brand, member_id=self.member_id, definition=made, now=self.now)
        seat = draws.seat_of(brand_id=self.brand.id, member_id=self.member_id, key=key)
        seeds = draws.list_seeds(brand_id=self.brand.id, key=key)
        current = next((seed for seed in seeds if seed.state == "current"), None)
        balance = 0
        if made.unit:
            accounts = ledger.get_balances(brand_id=self.brand.id, member_ids=[self.member_id])
            account = accounts.get(self.member_id, {}).get(made.unit)
            balance = account.available if account else 0
        unit = self.known.name("points", made.unit) if made.unit else None
        return shapes.DrawShownOut(
            key=key,
            name=self.say(made.name),
            description=self.say(made.description),
            is_open=is_open,
            ends_on=made.ends_on,
            prizes=self._prizes(made),
            free=has.free,
            given=has.given,
            left_today=has.left_today,
            price=made.price,
            unit=made.unit,
            unit_name=self.say(unit) if unit else made.unit,
            balance=balance,
            pity_in=max(1, made.pity_after - seat.misses + 1) if made.pity_after else None,
            pity_prize=self.say(made.prize(made.pity_prize).name) if made.pity_after else "",
            seed_hash=current.hash if current else "",
            client_seed=seat.client_seed if seat.plays else "",
            nonce=seat.nonce,
            log_url=f"/h/{self.brand.slug}/draws/{key}/log",
        )

    def _prizes(self, made: DrawDefinition) -> list[shapes.DrawPrizeOut]:
        stock = draws.stock_of(brand_id=self.brand.id, definition=made)
        return [
            shapes.DrawPrizeOut(
                key=prize.key,
                name=self.say(prize.name),
                odds=draw_policy.percent(prize.odds),
                ratio=f"{prize.odds.numerator}/{prize.odds.denominator}",
                wins=prize.wins,
                left=stock[prize.key].left if prize.key in stock else None,
                rewards=self.rewards(prize.rewards),
            )
            for prize in made.prizes
        ]

    def make_draw(self, key: str, play_key: str, pay: bool) -> shapes.DrawnOut:
        done = flow.play(
            scope=self.scope, member_id=self.member_id, draw=key, key=play_key, pay=pay, now=self.now
        )
        return self._drawn(done)

    def change_seed(self, key: str, client_seed: str) -> shapes.DrawShownOut:
        flow.change_seed(scope=self.scope, member_id=self.member_id, draw=key, client_seed=client_seed)
        return self.draw(key)

    def my_draws(self, key: str, before: UUID | None = None) -> shapes.MyDrawsOut:
        odds = draws.list_versions(brand_id=self.brand.id, key=key)
        plays = draws.list_plays(brand_id=self.brand.id, key=key, member_id=self.member_id, before=before)
        return shapes.MyDrawsOut(
            items=[self._drawn(Drawn(one, odds[one.version][0].prize(one.prize))) for one in plays]
        )

    def _drawn(self, done: Drawn) -> shapes.DrawnOut:
        one: Play = done.play
        prize: DrawPrize = done.prize
        return shapes.DrawnOut(
            id=one.id,
            prize=prize.key,
            prize_name=self.say(prize.name),
            wins=prize.wins,
            why=one.why,
            why_name=self.say(WHYS[one.why]),
            paid_by=one.paid_by,
            cost=one.cost,
            rewards=self.rewards(prize.rewards),
            not_given=[code for code in one.refused.split(",") if code],
            drawn=one.drawn,
            version=one.version,
            seed=one.seed,
            client_seed=one.client_seed,
            nonce=one.nonce,
            number=one.number,
            drawn_at=one.drawn_at,
            repeated=done.repeated,
        )


def draw_log(
    *, brand: Brand, key: str, language: Language, before: UUID | None = None, limit: int = 100
) -> shapes.DrawLogOut:
    """The log of a draw for anybody: nobody's name in it."""
    found = draws.get_draw(brand_id=brand.id, key=key)
    if found.state == "draft":
        raise not_found(DRAW)
    seeds = draws.list_seeds(brand_id=brand.id, key=key)
    odds = draws.list_versions(brand_id=brand.id, key=key)
    plays = draws.list_plays(brand_id=brand.id, key=key, before=before, limit=limit)
    by_number = {seed.number: seed for seed in seeds}

    def right(one: Play) -> bool | None:
        seed = by_number.get(one.seed)
        if seed is None or not seed.seed:
            return None
        return not draw_policy.check(
            odds[one.version][0],
            server_seed=seed.seed,
            seed_hash=seed.hash,
            client_seed=one.client_seed,
            nonce=one.nonce,
            number=one.number,
            drawn=one.drawn,
        )

    return shapes.DrawLogOut(
        draw=key,
        name=found.definition.name.in_language(language),
        seeds=[
            shapes.DrawLogSeedOut(
                number=seed.number,
                hash=seed.hash,
                state=seed.state,
                published_at=seed.published_at,
                used_from=seed.used_from,
                revealed_at=seed.revealed_at,
                seed=seed.seed,
            )
            for seed in seeds
        ],
        versions=[
            shapes.DrawLogVersionOut(
                number=number,
                published_at=at,
                prizes=[
                    shapes.DrawLogPrizeOut(
                        key=prize.key,
                        name=prize.name.in_language(language),
                        odds=f"{prize.odds.numerator}/{prize.odds.denominator}",
                        stock=prize.stock,
                        instead=prize.instead,
                    )
                    for prize in made.prizes
                ],
                pity_after=made.pity_after,
                pity_prize=made.pity_prize,
            )
            for number, (made, at) in odds.items()
        ],
        plays=[
            shapes.DrawLogPlayOut(
                id=one.id,
                drawn_at=one.drawn_at,
                version=one.version,
                seed=one.seed,
                client_seed=one.client_seed,
                nonce=one.nonce,
                number=one.number,
                drawn=one.drawn,
                prize=one.prize,
                why=one.why,
                right=right(one),
            )
            for one in plays
        ],
        next_before=plays[-1].id if len(plays) == limit else None,
    )
